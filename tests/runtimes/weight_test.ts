// The bounds of what the library weighs at the edge, on the packed artifact, and README's tables of it.
import { assert } from "@std/assert";
import { bundleWeight, type WeighedBundle } from "../../scripts/weight/measure.ts";
import { partsOf } from "../../scripts/weight/parts.ts";
import { aim, bounds } from "../../scripts/weight/programs.ts";
import { ROOT } from "../../scripts/child.ts";
import { installedProject } from "./toolbox.ts";

/** So far below its bound nothing may stay: the bound is lowered then. */
const SLACK = 0.85;
/** So far from README's numbers a run may be: compressors differ a little, and so do patches of dependencies. */
const TOLERANCE_KB = 0.5;

const weights = new Map<string, WeighedBundle>();
let readme: string;

Deno.test.beforeAll(async () => {
  readme = await Deno.readTextFile(new URL("README.md", ROOT));
  const project = await installedProject();
  try {
    for (const { program } of bounds) weights.set(program.name, await bundleWeight(project, program));
  } finally {
    await Deno.remove(project, { recursive: true });
  }
});

/** The cells of the line of README's tables that begins with this name. */
function cellsOf(name: string): readonly string[] {
  const line = readme.split("\n").find((each) => each.startsWith("|") && each.split("|")[1]?.trim() === name);
  assert(line !== undefined, `README has no line for ${name}`);
  return line.split("|").slice(2, -1).map((cell) => cell.trim());
}

function assertSays(what: string, cell: string | undefined, bytes: number): void {
  const said = cell === "–" ? 0 : Number(/^(\d+\.\d) KB$/.exec(cell ?? "")?.[1]);
  const near = Math.abs(said - bytes / 1000) <= TOLERANCE_KB;
  assert(near, `README says ${cell} of ${what}, and it is ${bytes} bytes; deno task weight --write`);
}

for (const { program, because, ...bound } of bounds) {
  Deno.test(`the edge bundle of ${program.name} stays below its bounds, and close to them`, () => {
    const weight = weights.get(program.name)!;
    for (const which of ["start", "whole"] as const) {
      const [is, most] = [weight[which], bound[which]];
      assert(is <= most && is >= most * SLACK, `${which}: ${is} bytes; scripts/weight/programs.ts has ${most}`);
    }
    assert(weight.start < weight.whole, "the SDK is behind a dynamic import");
    assert(because.length > 0, "why the bound was raised");
  });

  Deno.test(`README says what the edge bundle of ${program.name} weighs`, () => {
    const { start, whole } = weights.get(program.name)!;
    const [atStart, all] = cellsOf(program.name);
    assertSays(`${program.name}, at start`, atStart, start);
    assertSays(`all of ${program.name}`, all, whole);
  });
}

Deno.test("README says which part of it weighs what, and the parts are all of it", () => {
  for (const [at, { program }] of bounds.entries()) {
    const weight = weights.get(program.name)!;
    const parts = partsOf(weight);
    for (const [name, start, later] of parts) {
      const cells = cellsOf(name);
      assertSays(`${name}, behind a dynamic import`, cells[0], later);
      assertSays(`${name} of ${program.name}, at start`, cells[1 + at], start);
    }
    const atStart = parts.reduce((sum, [, start]) => sum + start, 0);
    assert(Math.abs(atStart - weight.start) < 500, `${atStart} of ${weight.start} bytes are of a part`);
  }
});

Deno.test("README and CONTRIBUTING say what was aimed at", async () => {
  const aimed = `${aim.start / 1000} KB without OpenTelemetry's SDK and ${aim.whole / 1000} KB with it`;
  for (const file of ["README.md", "CONTRIBUTING.md"]) {
    const text = await Deno.readTextFile(new URL(file, ROOT));
    assert(text.replace(/\s+/g, " ").includes(aimed), `${file} does not say "${aimed}"`);
  }
});
