/**
 * The stack's variants, as a user sees them.
 *
 * @module
 */

/** One way to run the stack. */
export interface Variant {
  readonly name: string;
  /** Its Compose file, in the stack's folder. */
  readonly file: string;
  /** What is looked at with a browser. */
  readonly pages: readonly { readonly name: string; readonly url: string }[];
  /** For the program that sends. */
  readonly env: Readonly<Record<string, string>>;
  /** What answers 200 when all is well. */
  readonly health: readonly { readonly name: string; readonly url: string }[];
  /** Where to look for a trace by its id. */
  readonly traces: { readonly store: "jaeger" | "tempo"; readonly url: string };
  /** Where to look for metrics. */
  readonly metrics?: string;
}

const jaegerPage = { name: "Jaeger", url: "http://localhost:16686" };
const grafanaPage = { name: "Grafana", url: "http://localhost:3000" };
const prometheusPage = { name: "Prometheus", url: "http://localhost:9090" };
const env = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://localhost:4318" };
const jaeger = { store: "jaeger", url: "http://127.0.0.1:16686" } as const;
const metrics = "http://127.0.0.1:9090";
const health = {
  collector: { name: "Collector", url: "http://127.0.0.1:13133/" },
  jaeger: { name: "Jaeger", url: "http://127.0.0.1:16686/api/services" },
  prometheus: { name: "Prometheus", url: "http://127.0.0.1:9090/-/ready" },
  archive: { name: "Archive", url: "http://127.0.0.1:9091/-/ready" },
  grafana: { name: "Grafana", url: "http://127.0.0.1:3000/api/health" },
  tempo: { name: "Tempo", url: "http://127.0.0.1:3200/ready" },
};

/** Every variant. */
export const variants: readonly Variant[] = [
  {
    name: "jaeger",
    file: "compose.jaeger.yaml",
    pages: [jaegerPage],
    env: { ...env, OTEL_METRICS_EXPORTER: "none" },
    health: [health.jaeger],
    traces: jaeger,
  },
  {
    name: "full",
    file: "compose.full.yaml",
    pages: [grafanaPage, jaegerPage, prometheusPage],
    env,
    health: [health.collector, health.jaeger, health.prometheus, health.grafana],
    traces: jaeger,
    metrics,
  },
  {
    name: "single",
    file: "compose.single.yaml",
    pages: [grafanaPage, prometheusPage],
    env,
    health: [health.grafana, health.prometheus],
    traces: { store: "tempo", url: "http://127.0.0.1:3000/api/datasources/proxy/uid/tempo" },
    metrics,
  },
  {
    name: "production",
    file: "compose.production.yaml",
    pages: [grafanaPage, jaegerPage, prometheusPage],
    env,
    health: [health.collector, health.jaeger, health.prometheus, health.archive, health.grafana],
    traces: jaeger,
    metrics,
  },
  {
    name: "tempo",
    file: "compose.tempo.yaml",
    pages: [grafanaPage, prometheusPage],
    env,
    health: [health.collector, health.tempo, health.prometheus, health.grafana],
    traces: { store: "tempo", url: "http://127.0.0.1:3200" },
    metrics,
  },
];

/** The variant of that name. */
export function variantNamed(name: string): Variant | undefined {
  return variants.find((variant) => variant.name === name);
}
