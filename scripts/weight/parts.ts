/**
 * Which parts of this library weigh what.
 *
 * @module
 */
import type { WeighedBundle } from "./measure.ts";

/** A part: the files whose path says that they are of it, and that are of no part before. */
interface Part {
  readonly name: string;
  readonly files: RegExp;
}

const PARTS: readonly Part[] = [
  { name: "three dialects and the ready vendors", files: /^@sik\/llms\/src\/(providers\/|provider|fold)/ },
  { name: "spans, metrics, content, propagation", files: /^@sik\/llms\/src\/telemetry\// },
  { name: "models and prices", files: /^@sik\/llms\/src\/(catalog|cost|service_tier)/ },
  { name: "the reasoning agent", files: /^@sik\/llms\/src\/(agent\/|create_reasoning_agent|step_observer)/ },
  { name: "export and its settings", files: /^@sik\/llms\/src\/otel\// },
  { name: "requests, retries, checks, errors", files: /^@sik\/llms\// },
  { name: "`@opentelemetry/api`", files: /^@opentelemetry\/api\// },
  { name: "`eventsource-parser`", files: /^eventsource-parser\// },
  { name: "OpenTelemetry's metrics SDK", files: /^@opentelemetry\/sdk-metrics\// },
  { name: "OpenTelemetry's trace SDK", files: /^@opentelemetry\/(sdk-trace|core|resources|semantic-conventions)\// },
  { name: "OpenTelemetry's OTLP encoder", files: /^@opentelemetry\/otlp-transformer\// },
  { name: "`@cfworker/json-schema`", files: /^@cfworker\// },
];

/** A line a part: its name, and its bytes at start and behind a dynamic import. Throws for a file of no part. */
export function partsOf({ inputs }: WeighedBundle): (readonly [name: string, start: number, later: number])[] {
  const sums = new Map(PARTS.map(({ name }) => [name, { start: 0, later: 0 }]));
  for (const { path, bytes, atStart } of inputs) {
    if (/(^|\/)entry\.mjs$/.test(path)) continue; // The program itself.
    const sum = sums.get(PARTS.find(({ files }) => files.test(path))?.name ?? "");
    if (sum === undefined) throw new Error(`${path} is of no part.`);
    sum[atStart ? "start" : "later"] += bytes;
  }
  return [...sums].map(([name, { start, later }]) => [name, start, later]);
}
