/**
 * Images: pinned, looked up, and alive.
 *
 * @module
 */
import { images } from "../versions.ts";

/** Images whose end of life has come, and what stands in their place. */
const ended: readonly (readonly [pattern: RegExp, why: string])[] = [
  [
    /^jaegertracing\/(all-in-one|jaeger-(agent|collector|query|ingester)|opentelemetry-all-in-one)(:|$)/,
    "Jaeger v1 ended on 2025-12-31; use jaegertracing/jaeger:2.x",
  ],
  [/^jaegertracing\/jaeger:v?1\./, "Jaeger v1 ended on 2025-12-31; use jaegertracing/jaeger:2.x"],
  [/^prom\/prometheus:v?[0-2]\./, "Prometheus 2 ended on 2025-07-31; use prom/prometheus:v3.x"],
  [/elasticsearch\/elasticsearch:[0-7]\./, "Elasticsearch 7 ended on 2026-01-15; use opensearchproject/opensearch:3.x"],
  [/^opensearchproject\/opensearch:[01]\./, "OpenSearch 1 ended on 2025-05-06; use 3.x"],
  [/^grafana\/grafana(-oss|-enterprise)?:([0-9]|1[01])\./, "Grafana 11 and older have ended; use grafana/grafana:13.x"],
  [/^grafana\/grafana-oss(:|$)/, "grafana/grafana-oss is no longer published; use grafana/grafana"],
  [/^grafana\/tempo:v?[01]\./, "Tempo 1 has ended; use grafana/tempo:3.x"],
  [/^grafana\/agent(:|$)/, "Grafana Agent ended on 2025-11-01; use the Collector"],
];

/** What is wrong with an image, or undefined. */
export function imageTrouble(image: string | undefined): string | undefined {
  if (image === undefined) return "has no image";
  const end = ended.find(([pattern]) => pattern.test(image));
  if (end !== undefined) return `uses ${image}, whose end of life has come: ${end[1]}`;
  const [, repository = image, tag] = /^(.+?):([^:/@]+)(?:@.+)?$/.exec(image) ?? [];
  if (tag === undefined || !/^v?\d+\.\d+\.\d+/.test(tag)) {
    return `uses ${image}, which is not pinned to a version of three numbers`;
  }
  const current = images[repository];
  if (current === undefined) return `uses ${repository}, whose version nobody looked up: see scripts/stack/versions.ts`;
  return tag === current ? undefined : `uses ${image}, and scripts/stack/versions.ts says ${current}`;
}
