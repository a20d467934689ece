import { assert, assertEquals } from "@std/assert";
import { LONGEST_TIMER_MS } from "../../src/deadline.ts";
import { type Environment, readEnvironment, type SignalEnvironment } from "../../src/otel/environment.ts";
import { booleanOf } from "../../src/otel/words.ts";

function read(variables: Readonly<Record<string, string>> = {}): Environment {
  return readEnvironment((name) => variables[name]);
}

const defaults = read();

Deno.test("an empty environment gives the documented defaults and no warning", () => {
  const signal = { exporter: "otlp", headers: {}, protocol: "http/protobuf", timeoutMs: 10_000, gzip: false } as const;
  assertEquals(defaults, {
    traces: { ...signal, url: "http://localhost:4318/v1/traces" },
    metrics: { ...signal, url: "http://localhost:4318/v1/metrics" },
    serviceName: undefined,
    resource: {},
    sampler: { parentBased: true, ratio: 1 },
    batch: { maxQueueSize: 2048, maxExportBatchSize: 512, scheduledDelayMs: 5000, exportTimeoutMs: 30_000 },
    metricIntervalMs: 5000,
    metricTimeoutMs: 30_000,
    temporality: "cumulative",
    attributeValueLengthLimit: Infinity,
    logLevel: "info",
    warnings: [],
  });
});

type Pick = (environment: Environment) => unknown;
const both = (field: keyof SignalEnvironment): Pick => ({ traces, metrics }) => [traces[field], metrics[field]];
const traces = (field: keyof SignalEnvironment): Pick => ({ traces }) => traces[field];
const metrics = (field: keyof SignalEnvironment): Pick => ({ metrics }) => metrics[field];
const ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT";
const HEADERS = "OTEL_EXPORTER_OTLP_HEADERS";

/** Values that are understood. */
const GOOD: readonly (readonly [variables: Record<string, string>, pick: Pick, expected: unknown])[] = [
  [{ OTEL_SERVICE_NAME: " travel desk " }, ({ serviceName }) => serviceName, "travel desk"],
  [{ OTEL_SERVICE_NAME: "  " }, ({ serviceName }) => serviceName, undefined],
  [{ OTEL_RESOURCE_ATTRIBUTES: "a=1, b = x%2Cy%3D ,c=a=b,%61%62=d," }, ({ resource }) => resource, {
    a: "1",
    b: "x,y=",
    c: "a=b",
    ab: "d",
  }],
  [{ [ENDPOINT]: "https://otlp.example/otlp/" }, both("url"), [
    "https://otlp.example/otlp/v1/traces",
    "https://otlp.example/otlp/v1/metrics",
  ]],
  [{ [ENDPOINT]: "http://h:4318/v1/traces" }, both("url"), ["http://h:4318/v1/traces", "http://h:4318/v1/metrics"]],
  [{ [ENDPOINT]: "http://h/a/v1/metrics/" }, both("url"), ["http://h/a/v1/traces", "http://h/a/v1/metrics"]],
  [{ [ENDPOINT]: "http://h/v1/logs?k=1" }, both("url"), ["http://h/v1/traces?k=1", "http://h/v1/metrics?k=1"]],
  [{ [ENDPOINT]: "http://base", OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://h/custom?k=1" }, both("url"), [
    "http://h/custom?k=1",
    "http://base/v1/metrics",
  ]],
  [{ OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: "http://h/v1/traces" }, metrics("url"), "http://h/v1/traces"],
  [{ [HEADERS]: "api-key=secret,X-Tenant=a b%20c ,authorization=Basic YTpi==,," }, both("headers"), [
    { "api-key": "secret", "x-tenant": "a b c", authorization: "Basic YTpi==" },
    { "api-key": "secret", "x-tenant": "a b c", authorization: "Basic YTpi==" },
  ]],
  [{ [HEADERS]: "a=1,b=2", OTEL_EXPORTER_OTLP_METRICS_HEADERS: "B=3" }, both("headers"), [
    { a: "1", b: "2" },
    { a: "1", b: "3" },
  ]],
  [{ OTEL_EXPORTER_OTLP_PROTOCOL: "HTTP/JSON" }, both("protocol"), ["http/json", "http/json"]],
  [
    { OTEL_EXPORTER_OTLP_PROTOCOL: "http/json", OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: "http/protobuf" },
    both("protocol"),
    [
      "http/protobuf",
      "http/json",
    ],
  ],
  [{ [ENDPOINT]: "http://h:4317", OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf" }, both("protocol"), [
    "http/protobuf",
    "http/protobuf",
  ]],
  [{ OTEL_EXPORTER_OTLP_TIMEOUT: "2500" }, both("timeoutMs"), [2500, 2500]],
  [{ OTEL_EXPORTER_OTLP_TIMEOUT: "1", OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: "2" }, both("timeoutMs"), [2, 1]],
  [{ OTEL_EXPORTER_OTLP_TIMEOUT: "99999999999" }, traces("timeoutMs"), LONGEST_TIMER_MS],
  [{ OTEL_EXPORTER_OTLP_COMPRESSION: "gzip" }, both("gzip"), [true, true]],
  [{ OTEL_EXPORTER_OTLP_COMPRESSION: "gzip", OTEL_EXPORTER_OTLP_TRACES_COMPRESSION: "none" }, both("gzip"), [
    false,
    true,
  ]],
  [{ OTEL_TRACES_EXPORTER: "console" }, both("exporter"), ["console", "otlp"]],
  [{ OTEL_TRACES_EXPORTER: "None", OTEL_METRICS_EXPORTER: "none" }, both("exporter"), ["none", "none"]],
  [{ OTEL_TRACES_EXPORTER: "console, otlp" }, traces("exporter"), "otlp"],
  ...["debug", "ALL", "verbose"].map((word) => [{ OTEL_LOG_LEVEL: word }, logLevel, "debug"] as const),
  ...["info", "WARN", "error", ""].map((word) => [{ OTEL_LOG_LEVEL: word }, logLevel, "info"] as const),
  [{ OTEL_LOG_LEVEL: "none" }, logLevel, "none"],
  ...["tracecontext", "tracecontext,baggage", "none", ""].map((word) =>
    [{ OTEL_PROPAGATORS: word }, () => undefined, undefined] as const
  ),
  [{ OTEL_TRACES_SAMPLER: "always_on" }, sampler, { parentBased: false, ratio: 1 }],
  [{ OTEL_TRACES_SAMPLER: "always_off" }, sampler, { parentBased: false, ratio: 0 }],
  [{ OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: "0.25" }, sampler, {
    parentBased: false,
    ratio: 0.25,
  }],
  [{ OTEL_TRACES_SAMPLER: "traceidratio" }, sampler, { parentBased: false, ratio: 1 }],
  [{ OTEL_TRACES_SAMPLER: "ParentBased_Always_Off" }, sampler, { parentBased: true, ratio: 0 }],
  [{ OTEL_TRACES_SAMPLER: "parentbased_traceidratio", OTEL_TRACES_SAMPLER_ARG: "0" }, sampler, {
    parentBased: true,
    ratio: 0,
  }],
  [{ OTEL_TRACES_SAMPLER_ARG: "0.5" }, sampler, { parentBased: true, ratio: 1 }],
  [{ OTEL_BSP_MAX_QUEUE_SIZE: "20000" }, ({ batch }) => batch.maxQueueSize, 20_000],
  [{ OTEL_BSP_MAX_EXPORT_BATCH_SIZE: "1" }, ({ batch }) => batch.maxExportBatchSize, 1],
  [{ OTEL_BSP_SCHEDULE_DELAY: "0" }, ({ batch }) => batch.scheduledDelayMs, 0],
  [{ OTEL_BSP_EXPORT_TIMEOUT: "100" }, ({ batch }) => batch.exportTimeoutMs, 100],
  [{ OTEL_METRIC_EXPORT_INTERVAL: " 60000 " }, ({ metricIntervalMs }) => metricIntervalMs, 60_000],
  [{ OTEL_METRIC_EXPORT_TIMEOUT: "700" }, ({ metricTimeoutMs }) => metricTimeoutMs, 700],
  [{}, ({ metricTimeoutMs }) => metricTimeoutMs, 30_000],
  [{ OTEL_METRIC_EXPORT_INTERVAL: "3000000000" }, ({ metricIntervalMs }) => metricIntervalMs, LONGEST_TIMER_MS],
  ...["cumulative", "Delta", "lowmemory"].map((word) =>
    [
      { OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: word },
      ({ temporality }: Environment) => temporality,
      word === "cumulative" ? "cumulative" : "delta",
    ] as const
  ),
  [{ OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: "100" }, limit, 100],
  [{ OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: "100", OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT: "50" }, limit, 50],
];

function logLevel(environment: Environment): unknown {
  return environment.logLevel;
}
function sampler(environment: Environment): unknown {
  return environment.sampler;
}
function limit(environment: Environment): unknown {
  return environment.attributeValueLengthLimit;
}

for (const [variables, pick, expected] of GOOD) {
  Deno.test(`readEnvironment() understands ${JSON.stringify(variables)}`, () => {
    const environment = read(variables);
    assertEquals(pick(environment), expected);
    assertEquals(environment.warnings, []);
  });
}

const NO_SIGNAL = { exporter: "none" } as const;

/** Values that cannot be used: one warning that names the variable, and the default. */
const BAD: readonly (readonly [name: string, value: string, expected?: Partial<Environment>])[] = [
  ["OTEL_RESOURCE_ATTRIBUTES", "no pair, needle"],
  ["OTEL_RESOURCE_ATTRIBUTES", "a=%needle"],
  ["OTEL_RESOURCE_ATTRIBUTES", "__proto__=needle,%5F_proto__=needle"],
  [ENDPOINT, "localhost:4318"],
  [ENDPOINT, "needle"],
  [ENDPOINT, "grpc://needle:4317"],
  [ENDPOINT, "file:///needle"],
  ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "needle"],
  ["OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "needle"],
  [HEADERS, "needle"],
  [HEADERS, "=needle"],
  [HEADERS, "a=needle%0d%0ab: c"],
  [HEADERS, "a=x\nneedle"],
  [HEADERS, "a=needle%00"],
  [HEADERS, "a=needle%"],
  [HEADERS, "a=needle%E9"],
  [HEADERS, "a=needlé"],
  [HEADERS, "a b=needle"],
  [HEADERS, "__proto__=needle"],
  ["OTEL_EXPORTER_OTLP_TRACES_HEADERS", "needle"],
  ["OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"],
  ["OTEL_EXPORTER_OTLP_PROTOCOL", "needle"],
  ["OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "GRPC"],
  ...["0", "-1", "1.5", "10s", "needle", "Infinity", "1e3", "0x10"].map((value) =>
    ["OTEL_EXPORTER_OTLP_TIMEOUT", value] as const
  ),
  ["OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "needle"],
  ["OTEL_EXPORTER_OTLP_COMPRESSION", "needle"],
  ["OTEL_EXPORTER_OTLP_METRICS_COMPRESSION", "zstd"],
  ["OTEL_TRACES_EXPORTER", "needle"],
  ["OTEL_TRACES_EXPORTER", "prometheus", { traces: { ...defaults.traces, ...NO_SIGNAL } }],
  ["OTEL_METRICS_EXPORTER", "prometheus", { metrics: { ...defaults.metrics, ...NO_SIGNAL } }],
  ["OTEL_LOG_LEVEL", "needle"],
  ["OTEL_PROPAGATORS", "b3,needle"],
  ["OTEL_TRACES_SAMPLER", "needle"],
  ["OTEL_TRACES_SAMPLER", "parentbased_jaeger_remote"],
  ["OTEL_BSP_MAX_QUEUE_SIZE", "0"],
  ["OTEL_BSP_MAX_QUEUE_SIZE", "needle"],
  ["OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "0"],
  ["OTEL_BSP_SCHEDULE_DELAY", "-1"],
  ["OTEL_BSP_EXPORT_TIMEOUT", "0"],
  ["OTEL_METRIC_EXPORT_INTERVAL", "0"],
  ["OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "needle"],
  ["OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "0"],
  ["OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "needle"],
  ["OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "-5"],
];

for (const [name, value, expected] of BAD) {
  Deno.test(`readEnvironment() warns once of ${name}=${JSON.stringify(value)}, and keeps to the default`, () => {
    const { warnings, ...environment } = read({ [name]: value });
    const { warnings: _, ...expectedRest } = { ...defaults, ...expected };
    assertEquals(environment, expectedRest);
    assertEquals(warnings.length, 1, warnings.join(" "));
    assert(warnings[0]?.startsWith(`${name} `) && warnings[0].endsWith("."), warnings[0]);
    assert(!warnings[0]?.includes("needle"), warnings[0]);
  });
}

for (const value of ["-0.1", "1.1", "NaN", "needle", "50%"]) {
  Deno.test(`readEnvironment() warns once of a sampler's share of ${value}`, () => {
    const { sampler, warnings } = read({ OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: value });
    assertEquals([sampler, warnings], [{ parentBased: false, ratio: 1 }, [
      "OTEL_TRACES_SAMPLER_ARG is no number from 0 to 1; 1 is used.",
    ]]);
  });
}

Deno.test("readEnvironment() says that port 4317 asks for gRPC", () => {
  const { traces, warnings } = read({ [ENDPOINT]: "http://h:4317" });
  assertEquals([traces.protocol, warnings.length], ["http/protobuf", 1]);
  assert(warnings[0]?.includes("gRPC") && warnings[0].includes("4318"), warnings[0]);
});

Deno.test("readEnvironment() names metricReaders to who asks for prometheus", () => {
  const [warning] = read({ OTEL_METRICS_EXPORTER: "prometheus" }).warnings;
  assert(warning?.includes("metricReaders"), warning);
});

Deno.test("readEnvironment() leaves the other items of a list alone", () => {
  const { traces, resource, warnings } = read({
    [HEADERS]: "a=1,broken,b=2%0d,c=3",
    OTEL_RESOURCE_ATTRIBUTES: "a=1,broken,__proto__=x,c=3",
  });
  assertEquals([traces.headers, resource], [{ a: "1", c: "3" }, { a: "1", c: "3" }]);
  assertEquals(warnings.length, 2);
  assertEquals(({} as Record<string, unknown>).x, undefined);
});

Deno.test("readEnvironment() asks for one variable at a time, and never for a list of all", () => {
  const asked: string[] = [];
  readEnvironment((name) => void asked.push(name));
  assert(asked.every((name) => /^OTEL_[A-Z_]+$/.test(name)), asked.join(" "));
});

Deno.test("booleanOf() understands true and false in any case, and 0, no, 1 and yes", () => {
  assertEquals(["true", "TRUE", " 1 ", "yes", "Yes"].map(booleanOf), Array(5).fill(true));
  assertEquals(["false", "False", "0", "no", " NO "].map(booleanOf), Array(5).fill(false));
  assertEquals([undefined, "", "maybe", "2", "on"].map(booleanOf), Array(5).fill(undefined));
});
