// The bounds of what the library weighs at the edge, on the packed artifact.
import { assert } from "@std/assert";
import { bundleWeight } from "../../scripts/weight/measure.ts";
import { bounds } from "../../scripts/weight/programs.ts";
import { installedProject } from "./toolbox.ts";

/** So far below its bound nothing may stay: the bound is lowered then. */
const SLACK = 0.85;

let project: string;

Deno.test.beforeAll(async () => {
  project = await installedProject();
});

Deno.test.afterAll(() => Deno.remove(project, { recursive: true }));

for (const [program, bound] of bounds) {
  Deno.test(`the edge bundle of ${program.name} stays below its bounds, and close to them`, async () => {
    const weight = await bundleWeight(project, program);
    for (const which of ["start", "whole"] as const) {
      const [is, most] = [weight[which], bound[which]];
      assert(is <= most && is >= most * SLACK, `${which}: ${is} bytes; scripts/weight/programs.ts has ${most}`);
    }
    assert(weight.start < weight.whole, "the SDK is behind a dynamic import");
  });
}
