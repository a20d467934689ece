import { assertEquals } from "@std/assert";
import { lintStack } from "../../scripts/stack/check.ts";
import { assertSays, files, lintWith } from "./linted.ts";

Deno.test("the stack as it stands has no trouble", () => {
  assertEquals(lintStack(files), []);
});

const full = "compose.full.yaml";
const mistakes: readonly (readonly [what: string, path: string, change: (text: string) => string, says: string])[] = [
  [
    "two services on one port",
    full,
    (text) => text.replace("127.0.0.1:16686:16686", "127.0.0.1:4318:16686"),
    "both want port 4318",
  ],
  [
    "a port open to the network",
    full,
    (text) => text.replace("127.0.0.1:9090:9090", "9090:9090"),
    "opens port 9090:9090 to more than this machine",
  ],
  [
    "an image without a version",
    full,
    (text) => text.replace("grafana/grafana:13.2.1", "grafana/grafana:latest"),
    "not pinned to a version",
  ],
  [
    "an image without a tag",
    full,
    (text) => text.replace("grafana/grafana:13.2.1", "grafana/grafana"),
    "not pinned to a version",
  ],
  [
    "an image pinned to half a version",
    full,
    (text) => text.replace("grafana/grafana:13.2.1", "grafana/grafana:13"),
    "not pinned to a version",
  ],
  [
    "an image of a version that nobody looked up",
    full,
    (text) => text.replace("grafana/grafana:13.2.1", "grafana/grafana:13.0.0"),
    "scripts/stack/versions.ts says 13.2.1",
  ],
  [
    "an image that nobody looked up",
    full,
    (text) => text.replace("grafana/grafana:13.2.1", "example/grafana:13.2.1"),
    "whose version nobody looked up",
  ],
  [
    "Jaeger v1",
    full,
    (text) => text.replace("jaegertracing/jaeger:2.22.0", "jaegertracing/all-in-one:1.76.0"),
    "whose end of life has come: Jaeger v1",
  ],
  [
    "Prometheus 2",
    full,
    (text) => text.replace("prom/prometheus:v3.13.5", "prom/prometheus:v2.53.5"),
    "whose end of life has come: Prometheus 2",
  ],
  [
    "Elasticsearch 7",
    "compose.production.yaml",
    (text) =>
      text.replace("opensearchproject/opensearch:3.8.0", "docker.elastic.co/elasticsearch/elasticsearch:7.17.0"),
    "whose end of life has come: Elasticsearch 7",
  ],
  ["a version of the file", full, (text) => `version: "3.8"\n${text}`, "has a version"],
  [
    "a service whose health nobody asks for",
    full,
    (text) => text.replace(/wget -q -O \/dev\/null http:\/\/otel-collector:13133\/ &&\n\s+/, ""),
    "otel-collector has no health check",
  ],
  [
    "a service that waits for nobody",
    full,
    (text) => text.replace("depends_on:\n      prometheus:", "depends_on:\n      promotheus:"),
    "depends on promotheus",
  ],
  ["metrics for ever", full, (text) => text.replaceAll(/.*storage.tsdb.retention.*\n/g, ""), "sets no retention"],
  [
    "a missing file",
    full,
    (text) => text.replace("./collector/full.yaml", "./collector/fool.yaml"),
    "mounts collector/fool.yaml, which does not exist",
  ],
  ["a volume that is not declared", full, (text) => text.replace(/\n {2}traces:\n/, "\n"), "traces is not declared"],
  ["a volume that nobody uses", full, (text) => `${text}  more:\n`, "nobody uses the volume more"],
  [
    "rules that are not there",
    full,
    (text) => text.replace("      - ./prometheus/rules:/etc/prometheus/rules:ro\n", ""),
    "reads rules from /etc/prometheus/rules/*.yaml, where compose.full.yaml has no file",
  ],
  [
    "Prometheus asks a service that is not there",
    "prometheus/full.yaml",
    (text) => text.replace("otel-collector:8889", "collector:8889"),
    "asks collector, which compose.full.yaml has not",
  ],
  [
    "Prometheus writes to a service that is not there",
    "prometheus/production.yaml",
    (text) => text.replace("http://archive:9090", "http://mimir:9009"),
    "asks mimir",
  ],
  [
    "Grafana without data sources",
    full,
    (text) => text.replace(/.*provisioning\/datasources.*\n/, ""),
    "grafana starts without data sources",
  ],
  [
    "Grafana without a dashboard",
    full,
    (text) => text.replace(/.*provisioning\/dashboards.*\n/, ""),
    "grafana starts without a dashboard",
  ],
  [
    "a data source at a service that is not there",
    "grafana/datasources/jaeger.yaml",
    (text) => text.replace("http://jaeger:16686", "http://tempo:3200"),
    "has the data source jaeger at http://tempo:3200",
  ],
  [
    "a dashboard that asks an unknown data source",
    "grafana/datasources/jaeger.yaml",
    (text) => text.replace("uid: jaeger\n", "uid: traces\n"),
    "asks the data source jaeger, which is not set up",
  ],
  [
    "the exporter `logging`",
    "collector/full.yaml",
    (text) => text.replaceAll(/\bdebug\b/g, "logging"),
    "exporters/logging is gone: removed in 0.111",
  ],
  [
    "the exporter `jaeger`",
    "collector/full.yaml",
    (text) => text.replaceAll("otlp_grpc/jaeger", "jaeger"),
    "exporters/jaeger is gone: removed in 0.86",
  ],
  [
    "an exporter's old name",
    "collector/tempo.yaml",
    (text) => text.replaceAll("otlp_http/prometheus", "otlphttp/prometheus"),
    "exporters/otlphttp is called otlp_http now",
  ],
  [
    "an exporter that is used and not set up",
    "collector/full.yaml",
    (text) => text.replace("exporters: [prometheus, debug]", "exporters: [prometheus, otlp_http, debug]"),
    "exporters otlp_http is used and not set up",
  ],
  [
    "an exporter that is set up and not used",
    "collector/full.yaml",
    (text) => text.replace("exporters: [prometheus, debug]", "exporters: [debug]"),
    "exporters prometheus is set up and not used",
  ],
  [
    "a pipeline without a memory limiter",
    "collector/full.yaml",
    (text) => text.replace("processors: [memory_limiter, batch]", "processors: [batch]"),
    "the pipeline traces does not begin with memory_limiter",
  ],
  [
    "a pipeline without a batch",
    "collector/full.yaml",
    (text) => text.replace("processors: [memory_limiter, batch]", "processors: [memory_limiter]"),
    "the pipeline traces does not end with batch",
  ],
  [
    "two parts of a Collector on one port",
    "collector/full.yaml",
    (text) => text.replace("endpoint: 0.0.0.0:8889", "endpoint: 0.0.0.0:8888"),
    "both listen on port 8888",
  ],
  [
    "the old address of a Collector's own metrics",
    "collector/full.yaml",
    (text) => text.replace("      level: normal\n", "      address: 0.0.0.0:8888\n"),
    "service.telemetry.metrics.address is gone",
  ],
  [
    "a Collector sends to a service that is not there",
    "collector/full.yaml",
    (text) => text.replace("jaeger:4317", "yaeger:4317"),
    "sends to yaeger, which compose.full.yaml has not",
  ],
  [
    "Jaeger stores in a service that is not there",
    "jaeger/opensearch.yaml",
    (text) => text.replace("http://opensearch:9200", "http://elasticsearch:9200"),
    "sends to elasticsearch",
  ],
];

for (const [what, path, change, says] of mistakes) {
  Deno.test(`the linter sees ${what}`, () => assertSays(lintWith(path, change), says));
}

Deno.test("a mistake is told with its file", () => {
  assertEquals(lintWith("collector/full.yaml", (text) => text.replace("jaeger:4317", "yaeger:4317")), [
    "collector/full.yaml: sends to yaeger, which compose.full.yaml has not",
  ]);
});
