import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { startReceiver } from "../../examples/support/otlp_receiver.ts";
import { runExample } from "./run_example.ts";

Deno.test("reasoning_agent plans a trip in three turns, and says what came of each", async () => {
  const { code, stdout, stderr } = await runExample("reasoning_agent");
  assertEquals([code, stderr], [0, ""]);
  const lines = stdout.split("\n");
  assertEquals(lines.filter((line) => /^---/.test(line)), [
    "--- turn 1: use_tool",
    "--- turn 2: use_tool",
    "--- turn 3: finish",
  ]);
  assertEquals(lines.filter((line) => /^ {2}asks/.test(line)).map((line) => line.split(" ")[3]), [
    "search_flights",
    "search_flights",
    "search_hotels",
  ]);
  assertMatch(stdout, /\nFly out on Friday at 09:15 .* 412 € in all\.\n--- turn 3/);
  assertMatch(stdout, /\n\d+ tokens, \$0\.0\d+, 6 messages\n$/);
});

Deno.test("reasoning_agent leaves its whole run behind, when telemetry is on", async () => {
  await using receiver = startReceiver();
  const { code } = await runExample("reasoning_agent", {
    env: { OTEL_SDK_DISABLED: "false", OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url },
  });
  assertEquals(code, 0);
  const spans = receiver.spans();
  const run = spans.find(({ name }) => name === "llm.reasoning_agent.stream");
  const steps = spans.filter(({ parentSpanId }) => parentSpanId === run?.spanId)
    .sort((a, b) => Number(a.startNs - b.startNs));
  assertEquals(steps.map(({ name }) => name), [
    "reasoning.thinking.iteration_1",
    "reasoning.tool.search_flights",
    "reasoning.tool.search_flights",
    "reasoning.thinking.iteration_2",
    "reasoning.tool.search_hotels",
    "reasoning.final_answer",
  ]);
  const [, out, back] = steps;
  assertEquals((back?.startNs ?? 0n) < (out?.endNs ?? 0n), true);
  const counted = (metric: string) => receiver.metrics().find(({ name }) => name === metric)?.value;
  assertEquals([counted("llm_reasoning_iterations_total"), counted("llm_reasoning_tool_calls_total")], [3, 3]);
});

Deno.test("mcp_tools opens an mcpServers file, and its agent uses a server's tool", async () => {
  const { code, stdout } = await runExample("mcp_tools");
  assertEquals(code, 0);
  assertMatch(stdout, /^\d+ tools, among them echo, /);
  assertStringIncludes(stdout, "get-sum: The sum of 2 and 40 is 42.\n2 plus 40 is 42.\n");
});
