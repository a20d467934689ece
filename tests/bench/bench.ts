/**
 * CPU of one call beside the raw floor's, for everyone and every work:
 *
 *     bench.ts [--rounds=7] [--only="<text in works' names>;<…>"] [--askers="<name>;<…>"] [--runtimes=deno,node,bun]
 *              [--json=<file>] [--write] [--guard]
 *
 * The limit is raw `fetch`, server-sent events and `JSON.parse` of the same bytes. Ratios, not times: another machine
 * has other times. With `--write` README gets the ratios; with `--guard` it fails where ours leaves by more than a
 * quarter what it holds.
 *
 * @module
 */
import { askers, FLOOR, OFF, ON } from "./askers/mod.ts";
import { guardLine, isOver } from "./guard.ts";
import { measure, type Missing, type Row, speaks } from "./measure.ts";
import { startVendor } from "./processes.ts";
import { writeReadme } from "./readme.ts";
import { startRuntimes } from "./runtimes.ts";
import { HEAD, lineOf } from "./table.ts";
import { works } from "./works.ts";

const given = new Map(Deno.args.map((arg) => {
  const [name = "", value = ""] = arg.replace(/^--/, "").split("=");
  return [name, value] as const;
}));
const guard = given.has("guard");
const rounds = Number(given.get("rounds") ?? 7);
const names = guard
  ? [OFF, ON]
  : given.get("askers")?.split(";") ?? Object.keys(askers).filter((name) => name !== FLOOR);
const only = given.get("only")?.split(";") ?? [""];
const measured = works.filter(({ name, targets }) => only.some((text) => name.includes(text)) && (!guard || targets));

const rows: Row[] = [];
const missing: Missing[] = [];
const tell = (row: Row) => {
  const again = row.name === FLOOR &&
    rows.some(({ runtime, work, name }) => runtime === row.runtime && work === row.work && name === FLOOR);
  if (again) return; // It is measured beside everyone, and told once.
  rows.push(row);
  console.log(lineOf(row));
};
{
  await using runtimes = await startRuntimes((given.get("runtimes") ?? (guard ? "deno" : "deno,node,bun")).split(","));
  await using vendor = await startVendor();
  console.log(HEAD);
  for (const runtime of runtimes.all) {
    for (const work of measured) {
      for (const name of names.filter((each) => speaks(each, work))) {
        if (missing.some((known) => known.runtime === runtime.name && known.name === name)) continue;
        const how = { runtime, vendor, rounds };
        let found = await measure(work, name, how);
        // One bad moment of the machine is no change of the code: who is over is measured once more.
        if (guard && !("because" in found) && found.some(isOver)) found = await measure(work, name, how);
        if ("because" in found) missing.push(found);
        else for (const row of found) tell(row);
      }
    }
  }
}
for (const { runtime, name, because } of missing) console.log(`${name} does not load under ${runtime}: ${because}`);

const json = given.get("json");
if (json !== undefined) {
  const told = rows.map(({ work, ...row }) => ({ work: work.name, ...row }));
  await Deno.writeTextFile(json, `${JSON.stringify({ rounds, rows: told, missing }, null, 2)}\n`);
}
if (given.has("write")) await writeReadme(rows, missing);
if (guard) {
  const judged = rows.filter(({ name }) => name !== FLOOR);
  for (const row of judged) console.log(guardLine(row));
  if (judged.some(isOver)) Deno.exitCode = 1;
}
