/**
 * Which programs the stack runs, and which of them are built here to prove it. Looked up on 2026-11-22.
 *
 * @module
 */

/** The images that the Compose files may name, by repository; current on 2026-11-22, as all versions here. */
export const images: Readonly<Record<string, string>> = {
  "busybox": "1.37.0",
  "grafana/grafana": "13.2.1",
  "grafana/otel-lgtm": "0.31.0",
  "grafana/tempo": "3.0.3",
  "jaegertracing/jaeger": "2.22.0",
  "opensearchproject/opensearch": "3.8.0",
  "otel/opentelemetry-collector-contrib": "0.160.0",
  "prom/prometheus": "v3.13.5",
};

/** A program that is built from a Go module with the module's own go.mod and go.sum. */
export interface GoProgram {
  /** What its binary is called. */
  readonly name: string;
  readonly module: string;
  readonly version: string;
  /** Its main package, inside the module. */
  readonly path: string;
  readonly tags: readonly string[];
}

const prometheus = {
  module: "github.com/prometheus/prometheus",
  version: "v0.313.5", // Prometheus 3.13.5, of the line with long-term support
  // Of all the ways to discover targets, the one that the stack uses.
  tags: ["remove_all_sd", "enable_dns_sd"],
};

/** The programs built from modules. */
export const goPrograms: readonly GoProgram[] = [
  { ...prometheus, name: "prometheus", path: "cmd/prometheus" },
  { ...prometheus, name: "promtool", path: "cmd/promtool" },
  {
    name: "jaeger",
    module: "github.com/jaegertracing/jaeger",
    // Jaeger 2.13.0. Later versions are tagged v2.x on a module whose path does not say /v2, which Go cannot ask for.
    version: "v1.76.0",
    path: "cmd/jaeger",
    tags: [],
  },
  // What `docker compose` itself reads its files with.
  { name: "compose", module: "github.com/compose-spec/compose-go/v2", version: "v2.16.2", path: "cmd", tags: [] },
];

/** The Collector's builder; what goes into the Collector is in collector.builder.yaml. */
export const collectorBuilder = "go.opentelemetry.io/collector/cmd/builder@v0.160.0";
