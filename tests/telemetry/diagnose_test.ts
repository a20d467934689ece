/** What the doctor finds with zero-config's own providers: where they send, and what the back end answers. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { configureTelemetry, shutdownTelemetry, type TelemetryOptions } from "../../mod.ts";
import { diagnoseTelemetry, type Diagnosis, tailFilter } from "../../src/telemetry/mod.ts";
import { type OtlpRequest, startReceiver } from "../support/otlp_receiver.ts";
import { refusedUrl } from "../support/vendor_server.ts";

type Answer = (request: OtlpRequest) => Response | undefined | Promise<Response | undefined>;

/** What is found with these options, by a doctor that waits for two seconds. */
async function diagnosed(options: TelemetryOptions, timeoutMs = 2_000): Promise<Diagnosis> {
  configureTelemetry({ enabled: true, env: {}, onError() {}, ...options });
  try {
    return await diagnoseTelemetry({ timeoutMs });
  } finally {
    await shutdownTelemetry({ timeoutMs: 1 });
  }
}

/** Each finding as its level and code. */
function codesOf({ findings }: Diagnosis): readonly string[] {
  return findings.map(({ level, code }) => `${level} ${code}`);
}

function messageOf({ findings }: Diagnosis, code: string): string {
  const [finding, another] = findings.filter((each) => each.code === code);
  assert(finding !== undefined && another === undefined, `${code} is found once`);
  return finding.message;
}

const SENT = ["ok traces_endpoint", "ok metrics_endpoint"];
const ARRIVED = ["ok traces_arrived", "ok metrics_arrived"];

Deno.test("diagnoseTelemetry() finds nothing wrong where both arrive", async () => {
  await using receiver = startReceiver();
  const diagnosis = await diagnosed({ endpoint: receiver.url });
  assertEquals(codesOf(diagnosis), ["ok zero_config", ...SENT, ...ARRIVED, "ok content_off"]);
  const state = { rule: "zero-config", traces: true, metrics: true, contextManager: true, deno: false } as const;
  assertEquals(diagnosis.state, state);
  assertEquals(receiver.spans().map(({ name }) => name), ["doctor"]);
  const [metric] = receiver.metrics(); // Others are the last flush's.
  assertEquals([metric?.name, metric?.value], ["sik_llms_doctor_total", 1]);
  assertEquals(
    messageOf(diagnosis, "traces_endpoint"),
    `traces go to ${receiver.url}/v1/traces as http/protobuf, no headers.`,
  );
});

const html = () => new Response("<html>", { headers: { "content-type": "text/html" } });
const status = (code: number) => () => new Response(null, { status: code, headers: { "retry-after": "3600" } });
const partial = ({ signal, format }: OtlpRequest) => {
  assertEquals(format, "json");
  const rejected = signal === "traces" ? { rejectedSpans: "1" } : { rejectedDataPoints: "1" };
  return Response.json({ partialSuccess: { ...rejected, errorMessage: "no" } });
};

/** What a back end answers to everything, and what is said of it. */
const answers: Readonly<Record<string, readonly [answer: Answer, says: string]>> = {
  "HTTP 400": [status(400), "try the other OTEL_EXPORTER_OTLP_PROTOCOL"],
  "HTTP 401": [status(401), "It wants a key: set OTEL_EXPORTER_OTLP_HEADERS"],
  "HTTP 403": [status(403), "It wants a key: set OTEL_EXPORTER_OTLP_HEADERS"],
  "HTTP 413": [status(413), "lower OTEL_BSP_MAX_EXPORT_BATCH_SIZE"],
  "HTTP 415": [status(415), "set OTEL_EXPORTER_OTLP_PROTOCOL"],
  "HTTP 429": [status(429), "It limits how much it takes"],
  "HTTP 500": [status(500), "It has trouble of its own"],
  "HTTP 503": [status(503), "It has trouble of its own"],
  "HTTP 302": [() => new Response(null, { status: 302, headers: { location: "/" } }), "Redirects are not followed"],
  "a web page": [html, "the OTLP port is another one"],
  "that it rejects them": [partial, "rejected part of it"],
};
for (const [name, [respond, says]] of Object.entries(answers)) {
  Deno.test(`diagnoseTelemetry() explains a back end that answers ${name}`, async () => {
    await using receiver = startReceiver({ respond });
    const diagnosis = await diagnosed({ endpoint: receiver.url, protocol: "http/json" });
    const lost = ["error traces_lost", "error metrics_lost"];
    assertEquals(codesOf(diagnosis), ["ok zero_config", ...SENT, ...lost, "ok content_off"]);
    for (const code of ["traces_lost", "metrics_lost"]) assertStringIncludes(messageOf(diagnosis, code), says);
  });
}

for (const code of [404, 405, 501]) {
  Deno.test(`diagnoseTelemetry() tells a traces-only back end by its ${code} from a wrong path`, async () => {
    await using receiver = startReceiver({
      respond: ({ signal }) => signal === "metrics" ? new Response(null, { status: code }) : undefined,
    });
    const diagnosis = await diagnosed({ endpoint: receiver.url });
    const arrival = ["ok traces_arrived", "error metrics_lost"];
    assertEquals(codesOf(diagnosis), ["ok zero_config", ...SENT, ...arrival, "ok content_off"]);
    assertStringIncludes(messageOf(diagnosis, "metrics_lost"), "Traces-only back ends, Jaeger among them");
  });
}

Deno.test("diagnoseTelemetry() says that metrics are paused when it is asked again", async () => {
  await using receiver = startReceiver({
    respond: ({ signal }) => signal === "metrics" ? new Response(null, { status: 404 }) : undefined,
  });
  configureTelemetry({ enabled: true, env: {}, onError() {}, endpoint: receiver.url });
  await diagnoseTelemetry({ timeoutMs: 2_000 });
  const diagnosis = await diagnoseTelemetry({ timeoutMs: 2_000 });
  await shutdownTelemetry({ timeoutMs: 1 });
  assertEquals(codesOf(diagnosis).slice(3, 5), ["ok traces_arrived", "warning metrics_not_sent"]);
  assertStringIncludes(messageOf(diagnosis, "metrics_not_sent"), "OTEL_METRICS_EXPORTER=none");
});

Deno.test("diagnoseTelemetry() explains an endpoint with the wrong path", async () => {
  await using receiver = startReceiver();
  const diagnosis = await diagnosed({
    env: {
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${receiver.url}/api/traces`,
      OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${receiver.url}/v1/metrics`,
    },
  });
  assertEquals(codesOf(diagnosis), [
    "ok zero_config",
    "ok traces_endpoint",
    "warning traces_path",
    "ok metrics_endpoint",
    "error traces_lost",
    "ok metrics_arrived",
    "ok content_off",
  ]);
  assertStringIncludes(messageOf(diagnosis, "traces_lost"), "/api/traces answered HTTP 404. The path is wrong");
});

Deno.test("diagnoseTelemetry() gives each signal its own reason", async () => {
  await using receiver = startReceiver({ respond: ({ signal }) => status(signal === "traces" ? 401 : 500)() });
  const diagnosis = await diagnosed({ endpoint: receiver.url });
  const [traces, metrics] = [messageOf(diagnosis, "traces_lost"), messageOf(diagnosis, "metrics_lost")];
  assert(traces.includes("HTTP 401") && !traces.includes("HTTP 500"), traces);
  assert(metrics.includes("HTTP 500") && !metrics.includes("HTTP 401"), metrics);
});

Deno.test("diagnoseTelemetry() explains that nobody listens, without trying for long", async () => {
  const diagnosis = await diagnosed({ endpoint: refusedUrl().replace("/v1", "") });
  assertEquals(codesOf(diagnosis).slice(3), ["error traces_lost", "error metrics_lost", "ok content_off"]);
  assertStringIncludes(messageOf(diagnosis, "traces_lost"), "cannot be reached. Is a receiver running there?");
});

Deno.test("diagnoseTelemetry() does not wait longer than it is told for a back end that hangs", async () => {
  await using receiver = startReceiver({ respond: () => new Promise(() => {}) });
  const diagnosis = await diagnosed({ endpoint: receiver.url }, 30);
  const lost = ["error traces_lost", "error metrics_lost", "error timeout"];
  assertEquals(codesOf(diagnosis), ["ok zero_config", ...SENT, ...lost, "ok content_off"]);
});

Deno.test("diagnoseTelemetry() explains a back end that is slower than OTEL_EXPORTER_OTLP_TIMEOUT", async () => {
  await using receiver = startReceiver({ respond: () => new Promise(() => {}) });
  const diagnosis = await diagnosed({ endpoint: receiver.url, env: { OTEL_EXPORTER_OTLP_TIMEOUT: "20" } });
  assertEquals(codesOf(diagnosis).slice(3), ["error traces_lost", "error metrics_lost", "ok content_off"]);
  assertStringIncludes(messageOf(diagnosis, "traces_lost"), "did not answer in time. It is slow");
});

Deno.test("diagnoseTelemetry() takes a port of gRPC's for what it mostly is", async () => {
  const diagnosis = await diagnosed({
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4317", OTEL_LOG_LEVEL: "none" },
  });
  assertEquals(codesOf(diagnosis).filter((code) => /port|bad_value/.test(code)), [
    "warning bad_value",
    "warning traces_port",
    "warning metrics_port",
  ]);
  assertStringIncludes(messageOf(diagnosis, "traces_port"), "OTLP over HTTP is mostly on 4318");
});

Deno.test("diagnoseTelemetry() tells once of a value that holds for both signals, and not what it was", async () => {
  await using receiver = startReceiver();
  const diagnosis = await diagnosed({
    endpoint: receiver.url,
    env: { OTEL_EXPORTER_OTLP_PROTOCOL: "carrier pigeon", OTEL_LOG_LEVEL: "none" },
  });
  assertStringIncludes(messageOf(diagnosis, "bad_value"), "OTEL_EXPORTER_OTLP_PROTOCOL is none of");
  assert(!JSON.stringify(diagnosis).includes("pigeon"));
});

Deno.test("diagnoseTelemetry() shows the names of headers and no value, of an address no query and no user", async () => {
  const secret = "xyzzy-123";
  await using receiver = startReceiver({ respond: status(401) });
  const endpoint = `${receiver.url.replace("//", `//${secret}:${secret}@`)}?key=${secret}`;
  const diagnosis = await diagnosed({
    env: {
      OTEL_LOG_LEVEL: "none",
      OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
      OTEL_EXPORTER_OTLP_HEADERS: `x-api-key=${secret},broken${secret}`,
      OTEL_EXPORTER_OTLP_METRICS_HEADERS: `x-tenant=${secret}`,
    },
  });
  assert(!Deno.inspect(diagnosis, { depth: 9, strAbbreviateSize: 1e4 }).includes("xyzzy"));
  assertStringIncludes(messageOf(diagnosis, "traces_endpoint"), "headers authorization, x-api-key.");
  assertStringIncludes(messageOf(diagnosis, "metrics_endpoint"), "headers authorization, x-api-key, x-tenant.");
  assertEquals(receiver.requests()[0]?.headers.get("x-api-key"), secret);
});

/** What keeps the test span back, though nothing is wrong. */
const heldBack: Readonly<Record<string, TelemetryOptions>> = {
  "a sampler": { env: { OTEL_TRACES_SAMPLER: "always_off" } },
  "a filter": { filter: (next) => tailFilter(next, { ratio: 0 }) },
};
for (const [name, options] of Object.entries(heldBack)) {
  Deno.test(`diagnoseTelemetry() says where ${name} leaves its span out`, async () => {
    await using receiver = startReceiver();
    const diagnosis = await diagnosed({ endpoint: receiver.url, ...options });
    const arrival = ["warning traces_not_sent", "ok metrics_arrived"];
    assertEquals(codesOf(diagnosis), ["ok zero_config", ...SENT, ...arrival, "ok content_off"]);
    assertStringIncludes(messageOf(diagnosis, "traces_not_sent"), name.replace("a ", ""));
  });
}

Deno.test("diagnoseTelemetry() says where nothing is to be sent", async () => {
  const diagnosis = await diagnosed({ env: { OTEL_TRACES_EXPORTER: "none", OTEL_METRICS_EXPORTER: "none" } });
  assertEquals(codesOf(diagnosis), ["ok zero_config", "ok traces_exporter", "ok metrics_exporter", "ok content_off"]);
  assertEquals(messageOf(diagnosis, "traces_exporter"), "traces go to: none.");
});

for (const code of [0, 1]) {
  Deno.test(`diagnoseTelemetry() tells what exporters given in code say: ${code}`, async () => {
    const exporter = {
      export: (_items: never, done: (result: { code: number }) => void) => done({ code }),
      shutdown: () => Promise.resolve(),
      forceFlush: () => Promise.resolve(),
    };
    const diagnosis = await diagnosed({ spanExporter: exporter, metricExporter: exporter });
    const arrival = code === 0 ? ARRIVED : ["error traces_lost", "error metrics_lost"];
    const exporters = ["ok traces_exporter", "ok metrics_exporter"];
    assertEquals(codesOf(diagnosis), ["ok zero_config", ...exporters, ...arrival, "ok content_off"]);
    assertEquals(messageOf(diagnosis, "traces_exporter"), "traces go to the exporter given in code.");
    if (code === 1) assertStringIncludes(messageOf(diagnosis, "traces_lost"), "That exporter was given in code.");
  });
}
