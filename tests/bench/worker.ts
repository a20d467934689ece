/**
 * One asker in a process of its own: `worker.ts <name> <url>`. Each line of its input is a round, `<dialect> <model> <calls> <at once>`; each
 * line of its output what that round took, in microseconds of CPU and of time for a call.
 *
 * @module
 */
import process from "node:process";
import { createInterface } from "node:readline";
import { askers } from "./clients.ts";
import { type Dialect, shapeOf } from "./works.ts";

const [, , name = "", url = ""] = process.argv;
const measured = askers[name];
if (measured === undefined) throw new Error(`Nobody is called "${name}".`);
const asker = await measured.make(url);

for await (const line of createInterface({ input: process.stdin })) {
  const [dialect = "chat", model = "", calls = "1", atOnce = "1"] = line.split(" ");
  const count = Number(calls);
  const least = shapeOf(model)?.chunks ?? 1;
  const cpu = process.cpuUsage();
  const begun = performance.now();
  let asked = 0;
  const run = async () => {
    while (asked++ < count) {
      const length = await asker.ask(dialect as Dialect, model);
      if (length < least) throw new Error(`${name} read ${length} characters of ${model}.`);
    }
  };
  await Promise.all(Array.from({ length: Number(atOnce) }, run));
  await asker.settle?.();
  const { user, system } = process.cpuUsage(cpu);
  const wallMicros = (performance.now() - begun) * 1000 / count;
  const memoryBytes = process.memoryUsage().rss;
  console.log(JSON.stringify({ cpuMicros: (user + system) / count, wallMicros, memoryBytes }));
}
