/**
 * A receiver of OTLP whose numbers Prometheus can fetch: what the Collector is in the stack, where there is none.
 *
 * @module
 */
import type { ReceivedPoint } from "../../examples/support/otlp_decode.ts";
import { startReceiver } from "../../examples/support/otlp_receiver.ts";
import { prometheusLabel, prometheusName } from "../../examples/support/prometheus_name.ts";

/** The receiver. */
export interface Exposition extends AsyncDisposable {
  /** Where a program sends OTLP. */
  readonly otlp: string;
  /** What Prometheus fetches from, as host and port. */
  readonly target: string;
}

/** Starts the receiver on free ports. */
export function startExposition(): Exposition {
  const receiver = startReceiver();
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => new Response(exposed(receiver.metrics()), { headers: { "content-type": "text/plain; version=0.0.4" } }),
  );
  return {
    otlp: receiver.url,
    target: `127.0.0.1:${server.addr.port}`,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await receiver.close();
    },
  };
}

/** The newest cumulative points as text (https://prometheus.io/docs/instrumenting/exposition_formats/). */
export function exposed(points: readonly ReceivedPoint[]): string {
  const newest = new Map<string, ReceivedPoint>();
  for (const point of points) newest.set(`${prometheusName(point)}${labelsOf(point)}`, point);
  const families = Map.groupBy(newest.values(), (point) => prometheusName(point));
  const lines = [...families].flatMap(([name, family]) => [
    `# TYPE ${name} ${family[0]?.kind === "histogram" ? "histogram" : "counter"}`,
    ...family.flatMap((point) => samplesOf(name, point)),
  ]);
  return `${lines.join("\n")}\n`;
}

function samplesOf(name: string, point: ReceivedPoint): string[] {
  const labels = labelsOf(point);
  if (point.kind !== "histogram") return [`${name}{${labels}} ${point.value ?? 0}`];
  const { buckets = [], bounds = [], sum = 0, count = 0 } = point;
  let below = 0;
  return [
    ...buckets.map((inside, index) => `${name}_bucket{${labels},le="${bounds[index] ?? "+Inf"}"} ${below += inside}`),
    `${name}_sum{${labels}} ${sum}`,
    `${name}_count{${labels}} ${count}`,
  ];
}

function labelsOf({ attributes, resource }: ReceivedPoint): string {
  const service = String(resource["service.name"]);
  const own = Object.entries(attributes).map(([key, value]) => [prometheusLabel(key), String(value)]);
  const origin = [["service", service], ["job", service], ["instance", String(resource["service.instance.id"])]];
  return [...origin, ...own].map(([name, value = ""]) => `${name}=${JSON.stringify(value)}`).join(",");
}
