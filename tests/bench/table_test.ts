import { assertEquals } from "@std/assert";
import { FLOOR, OFF } from "./askers/mod.ts";
import { lineOf, ratioTable } from "./table.ts";
import { works } from "./works.ts";

const rowOf = (runtime: string, name: string, workName: string, ratio: number) => {
  const work = works.find((each) => each.name === workName);
  if (work === undefined) throw new Error(`There is no work called "${workName}".`);
  return { runtime, work, name, cpuMicros: 100, wallMicros: 120.4, ratio, memoryBytes: 5e7, spans: 0, lost: 0 };
};

Deno.test("a line has the target beside the ratio", () => {
  assertEquals(
    lineOf(rowOf("Deno", OFF, "chat, plain", 1.234)),
    `| Deno | chat, plain | ${OFF} | 100 | 1.23 | 1.3 | 120 | 50 | 0 |`,
  );
});

Deno.test("README's table has everyone but the floor, a dash for what was not asked, and who does not load", () => {
  const rows = [
    rowOf("Deno", FLOOR, "chat, plain", 1),
    rowOf("Deno", OFF, "chat, plain", 1.1),
    rowOf("Bun", OFF, "chat, 1,000 chunks, 1 per write", 1.2),
    rowOf("Deno", "@anthropic-ai/sdk", "anthropic, plain", 3),
  ];
  const missing = [{ runtime: "Bun", name: "ai", because: "Error: no" }];
  const head = ["Deno", "Bun"].flatMap((name) =>
    ["plain", "1,000 chunks, 20 a write", "1,000 chunks, 1 a write"].map((kind) => `${name}: ${kind}`)
  );
  assertEquals(ratioTable(rows, missing).split("\n"), [
    `| CPU, × floor | ${head.join(" | ")} |`,
    "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    `| ${OFF} | 1.10 | – | – | – | – | 1.20 |`,
    "| @anthropic-ai/sdk | 3.00 | – | – | – | – | – |",
    "| ai | – | – | – | does not load | does not load | does not load |",
  ]);
});
