import { assert, assertEquals } from "@std/assert";
import { readEnvironment } from "../../src/otel/environment.ts";
import type { OtelOptions } from "../../src/otel/options.ts";
import { type Settings, settingsOf } from "../../src/otel/settings.ts";

const LONGEST_MS = 2 ** 31 - 1;

function settings(options: OtelOptions, variables: Readonly<Record<string, string>> = {}): Settings {
  return settingsOf(options, readEnvironment((name) => variables[name]));
}

Deno.test("settingsOf() takes the environment where no option is given", () => {
  const variables = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://h", OTEL_BSP_MAX_QUEUE_SIZE: "5", OTEL_LOG_LEVEL: "none" };
  const environment = readEnvironment((name) => (variables as Record<string, string>)[name]);
  assertEquals(settingsOf({}, environment), { ...environment, processor: "batch" });
});

type Pick = (settings: Settings) => unknown;

/** Each option, over the variable that says otherwise. */
const OVER:
  readonly (readonly [options: OtelOptions, variables: Record<string, string>, pick: Pick, expected: unknown])[] = [
    [
      { endpoint: "https://code.example/otlp" },
      { OTEL_EXPORTER_OTLP_ENDPOINT: "http://env", OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://env/traces" },
      ({ traces, metrics }) => [traces.url, metrics.url],
      ["https://code.example/otlp/v1/traces", "https://code.example/otlp/v1/metrics"],
    ],
    [{ endpoint: "http://h/v1/traces/" }, {}, ({ metrics }) => metrics.url, "http://h/v1/metrics"],
    [{ endpoint: "http://h/?tenant=1" }, {}, ({ traces }) => traces.url, "http://h/v1/traces?tenant=1"],
    [
      { headers: { Authorization: "code", "x-more": "1" } },
      { OTEL_EXPORTER_OTLP_HEADERS: "authorization=env,x-kept=2" },
      ({ traces }) => traces.headers,
      { authorization: "code", "x-kept": "2", "x-more": "1" },
    ],
    [
      { protocol: "http/json" },
      { OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf" },
      ({ traces, metrics }) => [traces.protocol, metrics.protocol],
      ["http/json", "http/json"],
    ],
    [{ compression: "gzip" }, {}, ({ metrics }) => metrics.gzip, true],
    [{ compression: "none" }, { OTEL_EXPORTER_OTLP_COMPRESSION: "gzip" }, ({ traces }) => traces.gzip, false],
    [{ processor: "simple" }, {}, ({ processor }) => processor, "simple"],
    [
      { batch: { maxQueueSize: 20_000, scheduledDelayMs: 0 } },
      { OTEL_BSP_MAX_QUEUE_SIZE: "5", OTEL_BSP_MAX_EXPORT_BATCH_SIZE: "6" },
      ({ batch }) => batch,
      { maxQueueSize: 20_000, maxExportBatchSize: 6, scheduledDelayMs: 0, exportTimeoutMs: 30_000 },
    ],
    [
      { batch: { maxExportBatchSize: 1, exportTimeoutMs: 7 } },
      {},
      ({ batch: { maxExportBatchSize, exportTimeoutMs } }) => [maxExportBatchSize, exportTimeoutMs],
      [1, 7],
    ],
    [{ metricIntervalMs: 1 }, { OTEL_METRIC_EXPORT_INTERVAL: "9" }, ({ metricIntervalMs }) => metricIntervalMs, 1],
    [{ metricIntervalMs: Infinity }, {}, ({ metricIntervalMs }) => metricIntervalMs, LONGEST_MS],
    [
      { temporality: "delta" },
      { OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: "cumulative" },
      ({ temporality }) => temporality,
      "delta",
    ],
    [
      { endpoint: "http://h:4317", protocol: "http/protobuf" },
      {},
      ({ traces }) => traces.url,
      "http://h:4317/v1/traces",
    ],
    [
      { endpoint: undefined, headers: undefined, batch: undefined },
      {},
      ({ traces }) => traces.url,
      "http://localhost:4318/v1/traces",
    ],
  ];

for (const [options, variables, pick, expected] of OVER) {
  Deno.test(`settingsOf() lays ${JSON.stringify(options)} over ${JSON.stringify(variables)}`, () => {
    const found = settings(options, variables);
    assertEquals(pick(found), expected);
    assertEquals(found.warnings, []);
  });
}

const batch = (value: number) => ({ batch: { maxQueueSize: value } });

/** Options that cannot be used: one warning that names them, and what holds without them. */
const BAD: readonly (readonly [name: string, options: OtelOptions])[] = [
  ["endpoint", { endpoint: "needle" }],
  ["endpoint", { endpoint: "localhost:4318" }],
  ["endpoint", { endpoint: "ftp://needle" }],
  ["headers", { headers: { "a b": "needle" } }],
  ["headers", { headers: { a: "needle\r\nb: c" } }],
  ["headers", { headers: { a: "needlé" } }],
  ["headers", { headers: { a: 5 as unknown as string } }],
  ["headers", { headers: JSON.parse(`{"__proto__":"needle"}`) }],
  ...[0, -1, NaN, -Infinity].map((value) => ["batch.maxQueueSize", batch(value)] as const),
  ["batch.maxExportBatchSize", { batch: { maxExportBatchSize: 0 } }],
  ["batch.scheduledDelayMs", { batch: { scheduledDelayMs: -1 } }],
  ["batch.exportTimeoutMs", { batch: { exportTimeoutMs: NaN } }],
  ["metricIntervalMs", { metricIntervalMs: 0 }],
];

for (const [name, options] of BAD) {
  Deno.test(`settingsOf() warns of ${JSON.stringify(options)}, and keeps to what holds without it`, () => {
    const { warnings, ...found } = settings(options);
    const { warnings: _, ...expected } = settings({});
    assertEquals(found, expected);
    assertEquals(warnings.length, 1);
    assert(warnings[0]?.startsWith(name) && !warnings[0].includes("needle"), warnings[0]);
  });
}

Deno.test("settingsOf() says that an endpoint's port 4317 asks for gRPC", () => {
  const { traces, warnings } = settings({ endpoint: "http://h:4317" });
  assertEquals([traces.url, traces.protocol, warnings.length], ["http://h:4317/v1/traces", "http/protobuf", 1]);
  assert(warnings[0]?.includes("gRPC"), warnings[0]);
});

Deno.test("settingsOf() passes the environment's warnings on", () => {
  const { warnings } = settings({ endpoint: "needle" }, { OTEL_LOG_LEVEL: "loud" });
  assertEquals(warnings.length, 2);
});

Deno.test("settingsOf() makes a header of the user in an address, which fetch would refuse", () => {
  const { traces, metrics } = settings({ endpoint: "https://us%40er:p%C3%A4ss%25@h/otlp" });
  assertEquals(traces.url, "https://h/otlp/v1/traces");
  const { authorization = "" } = metrics.headers;
  const pair = Uint8Array.fromBase64(authorization.replace("Basic ", ""));
  assertEquals(new TextDecoder().decode(pair), "us@er:päss%");
});

Deno.test("settingsOf() leaves a percent sign alone that stands alone in a user", () => {
  const { traces } = settings({}, { OTEL_EXPORTER_OTLP_ENDPOINT: "http://a%:b@h" });
  assertEquals([traces.url, traces.headers], ["http://h/v1/traces", { authorization: `Basic ${btoa("a%:b")}` }]);
});

Deno.test("settingsOf() lets a header stand over the user in an address", () => {
  const { traces } = settings({ endpoint: "http://a:b@h", headers: { Authorization: "Bearer x" } });
  assertEquals(traces.headers, { authorization: "Bearer x" });
});
