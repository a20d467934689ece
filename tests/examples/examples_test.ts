import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { startReceiver } from "../../examples/support/otlp_receiver.ts";
import { runExample } from "./run_example.ts";

Deno.test("quickstart answers without a key, and says that telemetry is off", async () => {
  const { code, stdout, stderr } = await runExample("quickstart");
  assertEquals([code, stderr], [0, ""]);
  assertMatch(stdout, /^Paris\.\n15 tokens, \$0\.0000031\ntelemetry is off\n$/);
});

Deno.test("quickstart leaves its trace and metrics behind before it ends, when telemetry is on", async () => {
  await using receiver = startReceiver();
  const { code, stdout } = await runExample("quickstart", {
    env: { OTEL_SDK_DISABLED: "false", OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url },
  });
  assertEquals(code, 0);
  const spans = receiver.spans();
  assertStringIncludes(stdout, `trace ${spans[0]?.traceId}`);
  assertEquals(spans.map(({ name }) => name).toSorted(), ["http.request", "llm.openai.stream", "llm.request"]);
  assert(receiver.metrics().some(({ name }) => name === "llm_requests_total"));
});

Deno.test("streaming shows an answer as it arrives, and breaks another one off", async () => {
  const { code, stdout, stderr } = await runExample("streaming");
  assertEquals([code, stderr], [0, ""]);
  assertMatch(
    stdout,
    /^Morning: .*\nAfternoon: .*\nEvening: .*\n\nstop: \d+ tokens, the first after 0\.\d+ s\n\$0\.0\d+\n/,
  );
  assertMatch(stdout, /\nbroken off after 4\d letters\n$/);
});

Deno.test("custom_spans_and_metrics puts the program's own spans above the calls", async () => {
  await using receiver = startReceiver();
  const { code, stdout, stderr } = await runExample("custom_spans_and_metrics", {
    env: { OTEL_SDK_DISABLED: "false", OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url },
  });
  assertEquals([code, stderr], [0, ""]);
  assertStringIncludes(stdout, "Paris.\nThe capital of Portugal is Lisbon.\n");
  assertMatch(stdout, /sent 9 spans and \d+ data points\n$/);
  const spans = receiver.spans();
  const visit = spans.find(({ name }) => name === "travel_desk.visit");
  const questions = spans.filter(({ name }) => name === "travel_desk.question");
  const requests = spans.filter(({ name }) => name === "llm.request");
  assertEquals(questions.map(({ parentSpanId }) => parentSpanId), [visit?.spanId, visit?.spanId]);
  assertEquals(
    requests.map(({ parentSpanId }) => parentSpanId).toSorted(),
    questions.map(({ spanId }) => spanId).toSorted(),
  );
  const counted = receiver.metrics().filter(({ name }) => name === "travel_desk.questions");
  const countries = new Map(counted.map(({ attributes, value }) => [attributes["travel_desk.country"], value]));
  assertEquals(countries, new Map([["France", 1], ["Portugal", 1]]));
});

Deno.test("custom_spans_and_metrics runs the same with telemetry off", async () => {
  const { code, stdout, stderr } = await runExample("custom_spans_and_metrics");
  assertEquals([code, stderr], [0, ""]);
  assertMatch(stdout, /^Telemetry is off; .*\nParis\.\n.*\nsent 0 spans and 0 data points\n$/);
});
