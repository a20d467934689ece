/** The examples of telemetry, run as a reader would: without a key, without a collector, and with one. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { type OtlpReceiver, startReceiver } from "../../examples/support/otlp_receiver.ts";
import type { ReceivedSpan } from "../../examples/support/otlp_decode.ts";
import { type Ran, runExample } from "./run_example.ts";

const ANSWER = "The capital of Portugal is Lisbon.";

/** Runs an example that must succeed, with its telemetry to a collector of ours. */
async function runFor(receiver: OtlpReceiver, name: string): Promise<Ran> {
  const ran = await runExample(name, { env: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url } });
  assertEquals([ran.code, ran.stderr], [0, ""], ran.stdout);
  return ran;
}

/** Each span as its name below its parents' names. */
function pathsOf(spans: readonly ReceivedSpan[]): readonly string[] {
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const pathOf = ({ name, parentSpanId }: ReceivedSpan): string => {
    const parent = byId.get(parentSpanId ?? "");
    return parent === undefined ? name : `${pathOf(parent)} > ${name}`;
  };
  return spans.map(pathOf).toSorted();
}

/** The spans of one request, below these. */
function requestBelow(path: string): readonly string[] {
  const request = `${path}llm.request`;
  return [request, `${request} > llm.openai.stream`, `${request} > llm.openai.stream > http.request`];
}

/** What each example prints last where nothing is set. */
const endings: Readonly<Record<string, RegExp>> = {
  manual_setup: /\nParis\.\n$/,
  evaluation_link: /\nsent 12 spans\n$/,
  two_services: /^The capital of Portugal is Lisbon\.\nsent 5 spans of two services in 1 trace: [\da-f]{32}\n$/,
  sampling: /\n {2}1 that failed: 3 spans sent\n$/,
  console_export: /^Paris\.$[\s\S]*\nllm_cost_total_usd {2}0\.00000315\n/m,
};
for (const [name, ending] of Object.entries(endings)) {
  Deno.test(`${name} runs without a key and without a collector, and ends by itself`, async () => {
    const { code, stdout, stderr } = await runExample(name);
    assertEquals([code, stderr], [0, ""]);
    assertMatch(stdout, ending);
  });
}

Deno.test("manual_setup exports once, through the program's own providers, with their resource", async () => {
  await using receiver = startReceiver();
  const { stdout } = await runFor(receiver, "manual_setup");
  assertStringIncludes(stdout, "spans and metrics go through the program's own providers\n");
  for (const name of ["travel_desk.visit", "llm.request", "llm.openai.stream", "http.request"]) {
    assertStringIncludes(stdout, `name: "${name}"`, "the second exporter prints it");
  }
  const spans = receiver.spans();
  assertEquals(pathsOf(spans), ["travel_desk.visit", ...requestBelow("travel_desk.visit > ")].toSorted());
  const counted = receiver.metrics().filter(({ name }) => name === "llm_requests_total");
  assertEquals(counted.map(({ value }) => value), [1]);
  for (const { resource } of [...spans, ...counted]) {
    assertEquals([resource["service.name"], resource["service.version"]], ["travel-desk", "1.4.0"]);
    assertEquals(resource["deployment.environment.name"], "staging");
  }
});

Deno.test("evaluation_link leaves each judgement with a link to the request that it judges", async () => {
  await using receiver = startReceiver();
  const { stdout } = await runFor(receiver, "evaluation_link");
  const spans = receiver.spans();
  const requests = spans.filter(({ name }) => name === "llm.request");
  assertEquals(requests.length, 2);
  for (const { traceId } of requests) assertStringIncludes(stdout, `(trace ${traceId})`);
  for (const name of ["evaluation.correctness", "evaluation.brevity"]) {
    const evaluations = spans.filter((span) => span.name === name);
    const judged = evaluations.flatMap(({ links }) => links.map(({ spanId }) => spanId));
    assertEquals(judged.toSorted(), requests.map(({ spanId }) => spanId).toSorted(), name);
    assert(evaluations.every(({ traceId }) => requests.every((request) => request.traceId !== traceId)));
  }
  const brevity = spans.filter(({ name }) => name === "evaluation.brevity").map(({ attributes }) => attributes);
  assertEquals(brevity.map((each) => each["evaluation.label"]).toSorted(), ["fail", "pass"]);
  const [mail] = spans.filter(({ name }) => name === "mail.send");
  assertEquals(mail?.links.map(({ attributes }) => attributes), [{ "link.type": "sent_answer" }]);
});

Deno.test("two_services leaves one trace through both", async () => {
  await using receiver = startReceiver();
  const { stdout } = await runFor(receiver, "two_services");
  const spans = receiver.spans();
  assertEquals(new Set(spans.map(({ traceId }) => traceId)).size, 1);
  assertStringIncludes(stdout, `${ANSWER}\nsent 5 spans of two services in 1 trace: ${spans[0]?.traceId}\n`);
  const path = "GET / > POST /answer";
  assertEquals(pathsOf(spans), ["GET /", path, ...requestBelow(`${path} > `)].toSorted());
});

Deno.test("sampling leaves the dear, and those that failed, and counts all", async () => {
  await using receiver = startReceiver();
  const { stdout } = await runFor(receiver, "sampling");
  const [, sampled, sent] = /gpt-4o-mini.*: (\d+) of 10 sampled\n.*2 of 2 sampled\n {2}(\d+) spans sent/.exec(stdout) ??
    [];
  const requests = receiver.spans().filter(({ name }) => name === "llm.request");
  const models = requests.map(({ attributes }) => attributes["llm.model"]);
  assertEquals(models.filter((model) => model === "gpt-4o").length, 2);
  assertEquals(models.filter((model) => model === "gpt-4o-mini").length, Number(sampled) + 1);
  assertEquals(Number(sent), 3 * (Number(sampled) + 2));
  const failed = requests.filter(({ status }) => status.code === "ERROR");
  assertEquals(failed.map(({ attributes }) => attributes["error.type"]), ["400"]);
  assertStringIncludes(stdout, "10 quick and cheap requests: 0 spans sent\n");

  // Two runs of the providers, each with its own count from the beginning; the last word of each holds.
  const counts = new Map<string, number>();
  for (const { name, attributes, startNs, value = 0 } of receiver.metrics()) {
    if (name === "llm_requests_total") counts.set(`${attributes["llm.model"]} since ${startNs}`, value);
  }
  assertEquals([...counts.values()].toSorted((a, b) => a - b), [2, 10, 11]);
});

Deno.test("console_export prints spans and metrics, and sends nothing", async () => {
  await using receiver = startReceiver();
  const { stdout } = await runFor(receiver, "console_export");
  for (const name of ["llm.request", "llm.openai.stream", "http.request"]) {
    assertMatch(stdout, new RegExp(`^${name.replaceAll(".", "\\.")} {2}\\d+ ms \\{$`, "m"));
  }
  assertMatch(stdout, /^llm_requests_total {2}1$/m);
  assertMatch(stdout, /^llm_request_duration_seconds {2}1 times$/m);
  assertEquals(receiver.requests(), []);
});
