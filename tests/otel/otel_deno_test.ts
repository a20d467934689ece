// Deno's built-in OpenTelemetry (`OTEL_DENO=true`) is a provider like any other, with two ways of its own: it makes the
// span of each fetch itself, and it exports by itself.
import { assert, assertEquals } from "@std/assert";
import { ANSWER, startChatServer } from "../runtimes/chat_server.ts";
import { denoArgs, runWell } from "../../scripts/child.ts";
import { lastValue, METRICS, namesOfMetrics } from "../runtimes/expected.ts";
import { auditedRun, packagesOf } from "../runtimes/observed.ts";
import { startReceiver } from "../support/otlp_receiver.ts";

const PROGRAM = "tests/runtimes/six_lines/main.ts";

for (const protocol of ["http/json", "http/protobuf"]) {
  Deno.test(`OTEL_DENO=true receives the call by ${protocol}, with Deno's own span as each attempt`, async () => {
    await using vendor = startChatServer({
      respond: (attempt) =>
        attempt === 1
          ? new Response("{}", { status: 429, headers: { "retry-after": "0", "x-request-id": "req-refused" } })
          : undefined,
    });
    await using receiver = startReceiver();
    const ended = await auditedRun(["--no-prompt", "-A", PROGRAM], {
      env: {
        OPENAI_API_KEY: "test",
        OPENAI_BASE_URL: vendor.url,
        OTEL_DENO: "true",
        OTEL_SDK_DISABLED: "false", // Asks for zero-config too: it stands back.
        OTEL_SERVICE_NAME: "under-deno",
        OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
        OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
      },
    });
    assertEquals([ended.stdout, ended.stderr], [`${ANSWER}\n`, ""]);
    assert(!packagesOf(ended.modules).some((name) => name.startsWith("@opentelemetry/sdk-")), "a private exporter");

    assertEquals(receiver.requests().map(({ trouble }) => trouble).filter((trouble) => trouble !== undefined), []);
    const named = (name: string) => receiver.spans().filter((span) => span.name === name);
    const [[request], [stream], attempts] = [named("llm.request"), named("llm.openai.stream"), named("POST")];
    assertEquals(receiver.spans().length, 4);
    assertEquals([request?.parentSpanId, stream?.parentSpanId], [undefined, request?.spanId]);
    assertEquals(attempts.map(({ parentSpanId }) => parentSpanId), [stream?.spanId, stream?.spanId]);
    assertEquals(new Set(receiver.spans().map(({ traceId }) => traceId)).size, 1);
    assertEquals(new Set(receiver.spans().map(({ resource }) => resource["service.name"])), new Set(["under-deno"]));
    assertEquals(request?.attributes["llm.stream.outcome"], "completed");
    assertEquals([stream?.attributes["llm.retries"], stream?.attributes["llm.http.request_id"]], [1, "req-2"]);

    assertEquals(namesOfMetrics(receiver).filter((name) => /^(?:llm_|gen_ai\.)/.test(name)), [...METRICS]);
    assertEquals([lastValue(receiver, "llm_requests_total"), lastValue(receiver, "llm_retries_total")], [1, 1]);
    assertEquals(lastValue(receiver, "llm_tokens_input_total"), 10);

    assertEquals(vendor.requests().length, 2);
    for (const { headers } of vendor.requests()) {
      assertEquals(["traceparent", "tracestate", "baggage"].filter((name) => headers.has(name)), []);
    }
  });
}

Deno.test("OTEL_DENO=true with OTEL_SDK_DISABLED=true records nothing of ours", async () => {
  await using vendor = startChatServer();
  await using receiver = startReceiver();
  const ended = await runWell(Deno.execPath(), await denoArgs("run", "-A", PROGRAM), {
    env: {
      OPENAI_API_KEY: "test",
      OPENAI_BASE_URL: vendor.url,
      OTEL_DENO: "true",
      OTEL_SDK_DISABLED: "true",
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    },
  });
  assertEquals(ended.stdout, `${ANSWER}\n`);
  assertEquals(receiver.spans().filter(({ name }) => name.startsWith("llm")), []);
  assertEquals(namesOfMetrics(receiver).filter((name) => name.startsWith("llm_")), []);
});
