// The contract on every runtime: one table, runtime × row, and every cell of it a test. CONTRACT_RUNTIMES names others,
// as in "bun@1.2.0 node@24.0.0".
import { assert, assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import { startReceiver } from "../support/otlp_receiver.ts";
import { ROOT } from "../../scripts/child.ts";
import { builtinsOfArtifact, builtinsOfSources } from "./contract/builtins.ts";
import type { RowName, Settings, Told } from "./contract/program.ts";
import { IDLE_MS } from "./contract/row.ts";
import { counted, looks, type Played, trees } from "./contract/rows.ts";
import { DEFAULT, type Host, type Runtime, runtimeOf } from "./contract/runtimes.ts";
import { tableOf } from "./contract/table.ts";
import { startContractVendor } from "./contract/vendor.ts";
import { copyTree, installedProject } from "./toolbox.ts";

const given = Deno.env.get("CONTRACT_RUNTIMES")?.split(" ").filter((each) => each !== "");
const runtimes = (given ?? DEFAULT).map(runtimeOf);
const TOGETHER = "two at once, one after idling";
const EXIT = "exit without flush";
const PARENTS = new Set<string>(["parentage across awaits", "instrumented handler"]);
const BUILTINS = "no Node built-in imported statically";

/** A process goes on after a request, with timers of its own; only isolates are frozen. */
const FROZEN = "nothing pending after waitUntil";

/** What the program plays in one go: all that one process, or one request, can show. */
const inOneGo = (kind: Runtime["kind"]) =>
  (Object.keys(looks) as RowName[]).filter((row) =>
    row !== "one call" && row !== (kind === "process" ? FROZEN : TOGETHER)
  );

type Cells = Map<string, "ok" | "by hand" | "FAILED" | "–">;

const table = new Map<string, Cells>();
let project: string;

Deno.test.beforeAll(async () => {
  project = await installedProject(runtimes.flatMap(({ packages }) => packages));
  await copyTree(fileURLToPath(new URL("contract", import.meta.url)), `${project}/contract`);
});

Deno.test.afterAll(async () => {
  await Deno.remove(project, { recursive: true });
  console.log(tableOf([...Object.keys(looks).filter((row) => row !== "one call"), EXIT, BUILTINS], table));
});

/** Vendors, a back end and a runtime that may talk to nobody else. */
async function staged(runtime: Runtime, scene: (host: Host, played: Omit<Played, "told">) => Promise<void>) {
  await using vendor = startContractVendor();
  await using receiver = startReceiver();
  // Nothing is sent but by a flush, or at the exit.
  const waits = { OTEL_BSP_SCHEDULE_DELAY: "600000", OTEL_METRIC_EXPORT_INTERVAL: "600000" };
  const env = { OTEL_SDK_DISABLED: "false", OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, ...waits };
  await using host = await runtime.start(project, { hosts: [vendor.host, new URL(receiver.url).host], env });
  await scene(host, { vendor, receiver });
}

Deno.test("README and CI name every runtime that the contract is played in, with its version", async () => {
  const [readme, ci] = await Promise.all(
    ["README.md", ".github/workflows/ci.yml"].map((path) => Deno.readTextFile(new URL(path, ROOT))),
  ) as [string, string];
  const section = readme.split(/^## /m).find((each) => each.startsWith("Runtimes\n")) ?? "";
  // The Deno that runs this is whichever is new.
  for (const spec of DEFAULT.filter((each) => each !== `deno@${Deno.version.deno}`)) {
    const [name = "", version = ""] = spec.split("@");
    const line = (name.split("+").at(-1) ?? name).toLowerCase().replace("edge-vm", "edge vm");
    const lines = section.toLowerCase().split("\n").filter((each) => each.startsWith("|") && each.includes(line));
    assert(lines.some((each) => each.includes(` ${version} `)), `${spec} is not in README`);
    assert(ci.includes(` ${version}`), `${spec} is not in ci.yml`);
  }
});

for (const runtime of runtimes) {
  Deno.test(`the contract holds under ${runtime.name}`, async (t) => {
    const cells: Cells = new Map();
    table.set(runtime.name, cells);
    const cell = async (row: string, look: () => void | Promise<void>) => {
      cells.set(row, "FAILED");
      const good = PARENTS.has(row) && runtime.parents === "by hand" ? "by hand" : "ok";
      if (await t.step(row, look)) cells.set(row, good);
    };
    const settings = (vendor: string, rows: readonly RowName[]): Settings => ({
      vendor,
      parents: runtime.parents,
      rows,
    });

    await staged(runtime, async (host, scene) => {
      const told = await host.play(settings(scene.vendor.url, inOneGo(runtime.kind)));
      for (const { row, trouble } of told.rows) {
        await cell(row, () => {
          assertEquals(trouble, undefined);
          return looks[row]({ ...scene, told }, row);
        });
      }
    });

    await staged(runtime, async (host, { vendor, receiver }) => {
      const ask = (): Promise<Told> => host.play(settings(vendor.url, ["one call"]));
      const completed = { outcome: "completed", status: "UNSET" };
      if (runtime.kind === "process") {
        cells.set(FROZEN, "–");
        cells.set(EXIT, "FAILED");
        await Promise.all([ask(), ask()]);
        await cell(EXIT, () => {
          trees({ receiver }, "one call", 2, completed);
          const posts = receiver.requests().filter(({ signal }) => signal === "metrics");
          assertEquals(posts.map(({ metrics }) => counted(metrics)), [1, 1], "each process tells of its own");
        });
        return;
      }
      await cell(TOGETHER, async () => {
        const told = await Promise.all([ask(), ask()]); // The isolate's first, both of them.
        await receiver.waitFor(({ spans }) => spans().length >= 6);
        await new Promise((resolve) => setTimeout(resolve, IDLE_MS)); // What is tested is that time goes by.
        told.push(await ask());
        assertEquals(told.flatMap(({ rows }) => rows.map(({ trouble }) => trouble)), [undefined, undefined, undefined]);
        await receiver.waitFor(({ spans, metrics }) => spans().length >= 9 && metrics().length > 0);
        trees({ receiver }, "one call", 3, completed);
      });
      cells.set(EXIT, "–"); // A worker does not end by itself.
    });

    await cell(BUILTINS, async () => {
      if (runtime.sources) assertEquals(await builtinsOfSources(), []);
      assertEquals(await builtinsOfArtifact(project, runtime.conditions), []);
    });
  });
}
