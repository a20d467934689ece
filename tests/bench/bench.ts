/**
 * CPU of one call beside the raw floor's, for everyone and every work, in interleaved rounds: `bench.ts [--rounds=7]
 * [--only=<text in a work's name>] [--askers="a;b"] [--runtimes=deno,node,bun] [--guard] [--json=<file>]`.
 *
 * The limit is raw `fetch`, server-sent events and `JSON.parse` of the same bytes. Ratios, not times: another machine has
 * other times. With `--guard` it fails where ours leaves a target by more than a quarter.
 *
 * @module
 */
import { askers, FLOOR, OFF, ON } from "./askers/mod.ts";
import { guardLine, isOver } from "./guard.ts";
import { measure, type Missing, type Row } from "./measure.ts";
import { startVendor } from "./processes.ts";
import { startRuntimes } from "./runtimes.ts";
import { HEAD, lineOf } from "./table.ts";
import { works } from "./works.ts";

const given = new Map(Deno.args.map((arg) => {
  const [name = "", value = ""] = arg.replace(/^--/, "").split("=");
  return [name, value] as const;
}));
const guard = given.has("guard");
const rounds = Number(given.get("rounds") ?? (guard ? 9 : 7));
const names = guard ? [FLOOR, OFF, ON] : given.get("askers")?.split(";") ?? Object.keys(askers);
const measured = works.filter(({ name, targets }) => name.includes(given.get("only") ?? "") && (!guard || targets));

const rows: Row[] = [];
const missing: Missing[] = [];
const known = (where: string, who: string) => missing.some(({ runtime, name }) => runtime === where && name === who);
{
  await using runtimes = await startRuntimes((given.get("runtimes") ?? (guard ? "deno" : "deno,node,bun")).split(","));
  await using vendor = await startVendor();
  console.log(HEAD);
  for (const runtime of runtimes.all) {
    for (const work of measured) {
      const found = await measure(work, names, { runtime, vendor, rounds });
      rows.push(...found.rows);
      for (const row of found.rows) console.log(lineOf(row));
      missing.push(...found.missing.filter(({ name }) => !known(runtime.name, name)));
    }
  }
}
for (const { runtime, name, because } of missing) console.log(`${name} does not load under ${runtime}: ${because}`);

const json = given.get("json");
if (json !== undefined) {
  const told = rows.map(({ work, ...row }) => ({ work: work.name, ...row }));
  await Deno.writeTextFile(json, `${JSON.stringify({ rounds, rows: told, missing }, null, 2)}\n`);
}
if (guard) {
  const judged = rows.filter(({ name }) => name !== FLOOR);
  for (const row of judged) console.log(guardLine(row));
  if (judged.some(isOver)) Deno.exitCode = 1;
}
