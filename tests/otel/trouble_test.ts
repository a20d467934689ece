import { assertEquals } from "@std/assert";
import type { Trouble } from "../../src/otel/options.ts";
import { createTroubleLog } from "../../src/otel/trouble.ts";
import { stderrLines } from "./ingredients.ts";

const LOUD = { onError: undefined, silent: false };

Deno.test("a loss is told of once when it begins and once when it ends, with totals", () => {
  using stderr = stderrLines();
  const trouble = createTroubleLog(LOUD);
  trouble.delivered("traces");
  trouble.lost("traces", 2, "http://h/v1/traces cannot be reached");
  for (let i = 0; i < 100; i++) trouble.lost("traces", 3, "another reason");
  trouble.delivered("traces");
  trouble.delivered("traces");
  trouble.lost("traces", 1, "http://h/v1/traces answered HTTP 400");
  assertEquals(stderr.lines, [
    "[sik-llms] Telemetry is being lost: http://h/v1/traces cannot be reached (2 spans so far); run the doctor to find out why.",
    "[sik-llms] Telemetry arrives again; lost: 302 spans.",
    "[sik-llms] Telemetry is being lost: http://h/v1/traces answered HTTP 400 (1 span so far); run the doctor to find out why.",
  ]);
});

Deno.test("each signal has its own losses", () => {
  using stderr = stderrLines();
  const trouble = createTroubleLog(LOUD);
  trouble.lost("traces", 2, "a");
  trouble.lost("metrics", 5, "b");
  trouble.delivered("metrics");
  assertEquals(stderr.lines.map((line) => line.replace("[sik-llms] ", "")), [
    "Telemetry is being lost: a (2 spans so far); run the doctor to find out why.",
    "Telemetry is being lost: b (5 data points so far); run the doctor to find out why.",
    "Telemetry arrives again; lost: 5 data points.",
  ]);
});

Deno.test("nothing lost is no loss", () => {
  using stderr = stderrLines();
  const told: Trouble[] = [];
  createTroubleLog(LOUD).lost("traces", 0, "nothing");
  createTroubleLog({ onError: (trouble) => void told.push(trouble), silent: false }).lost("traces", 0, "nothing");
  assertEquals([stderr.lines, told], [[], []]);
});

Deno.test("onError is told of every loss, instead of the lines", () => {
  using stderr = stderrLines();
  const told: Trouble[] = [];
  const trouble = createTroubleLog({ onError: (each) => void told.push(each), silent: false });
  trouble.lost("traces", 2, "a");
  trouble.lost("traces", 3, "b");
  trouble.delivered("traces");
  assertEquals(told, [
    { signal: "traces", message: "a", lost: 2 },
    { signal: "traces", message: "b", lost: 3 },
  ]);
  assertEquals(stderr.lines, []);
});

const HOOKS: Readonly<Record<string, () => unknown>> = {
  throws: () => {
    throw new Error("not yours");
  },
  rejects: () => Promise.reject(new Error("not yours")),
  "gives a thenable that throws": () => ({
    then() {
      throw new Error("not yours");
    },
  }),
};
for (const [name, hook] of Object.entries(HOOKS)) {
  Deno.test(`an onError that ${name} harms nobody`, async () => {
    let told = 0;
    const trouble = createTroubleLog({
      onError() {
        told++;
        return hook() as void;
      },
      silent: false,
    });
    trouble.lost("traces", 1, "a");
    trouble.lost("traces", 1, "b");
    await new Promise<void>((resolve) => queueMicrotask(resolve)); // A rejection nobody took would fail the test.
    assertEquals(told, 2);
  });
}

Deno.test("a console that throws harms nobody", () => {
  const { error } = console;
  console.error = () => {
    throw new Error("not yours");
  };
  try {
    const trouble = createTroubleLog(LOUD);
    trouble.warn("a");
    trouble.lost("traces", 1, "a");
    trouble.delivered("traces");
  } finally {
    console.error = error;
  }
});

Deno.test("a warning is told once", () => {
  using stderr = stderrLines();
  const trouble = createTroubleLog(LOUD);
  for (const message of ["a", "b", "a", "a"]) trouble.warn(message);
  assertEquals(stderr.lines, ["[sik-llms] a", "[sik-llms] b"]);
});

Deno.test("a silent log writes nothing, and still tells onError", () => {
  using stderr = stderrLines();
  let told = 0;
  const quiet = createTroubleLog({ onError: undefined, silent: true });
  const hooked = createTroubleLog({ onError: () => void told++, silent: true });
  for (const trouble of [quiet, hooked]) {
    trouble.warn("a");
    trouble.lost("metrics", 1, "a");
    trouble.delivered("metrics");
  }
  assertEquals([stderr.lines, told], [[], 1]);
});
