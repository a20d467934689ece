// What a meter is told, whoever's it is.
import { assert, assertEquals } from "@std/assert";
import { clientOf, createClient, instrument, type LanguageModel, type Meter } from "../../mod.ts";
import { usageOf } from "../../src/usage.ts";
import { memoryTelemetry } from "../support/telemetry.ts";
import { chat, someUsage, startVendor } from "../support/vendor_server.ts";

const question = "What is the capital of France?";
const answer = {
  response: "Paris.",
  toolCalls: [],
  finishReason: "stop",
  provider: "test",
  model: "odd",
  durationSeconds: 0,
  messages: [],
};

Deno.test("a meter of the user's own is told every count of every request, zeros too", async () => {
  await using server = startVendor(chat({ usage: someUsage }));
  const told: string[] = [];
  const meter = {
    createCounter: (name: string) => ({ add: (value: number) => told.push(`${name} ${value}`) }),
    createHistogram: () => ({ record() {} }),
  } as unknown as Meter;
  const client = createClient("gpt-4o-mini", { baseUrl: server.url, telemetry: { meter } });
  await client.run(question);
  const first = told.splice(0);
  assert(first.includes("llm_requests_failed_total 0"));
  await client.run(question);
  assertEquals(told, first);
});

for (const vocabulary of ["both", "gen_ai"] as const) {
  Deno.test(`in vocabulary ${vocabulary} a count that is no finite number is not recorded`, async () => {
    await using telemetry = await memoryTelemetry({ vocabulary });
    const recorded: number[] = [];
    const meter = {
      createCounter: () => ({ add: (value: number) => recorded.push(value) }),
      createHistogram: () => ({ record: (value: number) => recorded.push(value) }),
    } as unknown as Meter;
    const usage = { ...usageOf({ reasoningTokens: 5 }), inputTokens: NaN, outputTokens: Infinity };
    const odd: LanguageModel = {
      provider: "test",
      model: "odd",
      async *stream() {
        yield { type: "finish", result: { ...answer, usage } };
      },
    };
    await clientOf(instrument(odd, { meter })).run(question);
    assertEquals(recorded.filter((value) => !Number.isFinite(value)), []);
    assert(recorded.length > 3);
    assertEquals(telemetry.open, []);
  });
}
