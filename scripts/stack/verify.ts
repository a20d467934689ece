/**
 * Asks a running stack whether it works: everything is well, and a span and a number that are sent come out again.
 *
 * @module
 */
import { until } from "./child.ts";
import { query } from "./prometheus.ts";
import type { Variant } from "./variants.ts";

const arrivalMs = 60_000;
const service = "stack-verify";

/** Tells line by line what works; false where something does not. */
export async function verify(
  variant: Variant,
  otlp = "http://127.0.0.1:4318",
  say: (line: string) => void = console.log,
): Promise<boolean> {
  let well = true;
  const tell = async (what: string, ask: () => Promise<string>) => {
    try {
      say(`ok      ${what}: ${await ask()}`);
    } catch (error) {
      well = false;
      say(`FAILED  ${what}: ${error instanceof Error ? error.message : error}`);
    }
  };
  for (const { name, url } of variant.health) await tell(name, () => answers(url));
  if (!well) {
    say(`Is it up? deno task stack:up ${variant.name}`);
    return false;
  }
  const sent = spanAndNumber();
  await tell("a span is taken", () => post(`${otlp}/v1/traces`, sent.traces));
  await tell("it is found again", () => findTrace(variant.traces, sent.traceId));
  if (variant.metrics === undefined) return well;
  const { metrics } = variant;
  await tell("a number is taken", () => post(`${otlp}/v1/metrics`, sent.metrics));
  await tell("it is found again", () =>
    until("the number", async () => {
      const [sample] = await query(metrics, `stack_verify_total{service="${service}",run="${sent.traceId}"}`);
      return sample === undefined ? undefined : `stack_verify_total is ${sample.value[1]}, with its service as a label`;
    }, arrivalMs));
  return well;
}

async function answers(url: string): Promise<string> {
  const response = await fetch(url).catch((error) => {
    throw new Error(`${url} does not answer`, { cause: error });
  });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`${url} says ${response.status}`);
  return url;
}

async function post(url: string, body: object): Promise<string> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} says ${response.status}: ${text}`);
  return `${url} says ${response.status}`;
}

function findTrace({ store, url }: Variant["traces"], traceId: string): Promise<string> {
  return until("the span", async () => {
    const response = await fetch(`${url}/api/traces/${traceId}`);
    const text = await response.text();
    return response.ok && text.includes(service) ? `${store} has trace ${traceId}` : undefined;
  }, arrivalMs);
}

/** One span that failed, so that no sampling leaves it out, and one counter. */
function spanAndNumber() {
  const hex = (bytes: number) =>
    [...crypto.getRandomValues(new Uint8Array(bytes))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const traceId = hex(16);
  const now = BigInt(Date.now()) * 1_000_000n;
  const text = (key: string, stringValue: string) => ({ key, value: { stringValue } });
  const resource = { attributes: [text("service.name", service), text("service.instance.id", traceId)] };
  const scope = { name: service };
  const span = {
    traceId,
    spanId: hex(8),
    name: "verify",
    kind: 1,
    startTimeUnixNano: String(now - 1_000_000n),
    endTimeUnixNano: String(now),
    status: { code: 2, message: "sent by stack:verify" },
  };
  const point = {
    attributes: [text("run", traceId)],
    startTimeUnixNano: String(now - 1_000_000_000n),
    timeUnixNano: String(now),
    asDouble: 1,
  };
  const metric = {
    name: "stack_verify",
    unit: "{run}",
    sum: { dataPoints: [point], aggregationTemporality: 2, isMonotonic: true },
  };
  return {
    traceId,
    traces: { resourceSpans: [{ resource, scopeSpans: [{ scope, spans: [span] }] }] },
    metrics: { resourceMetrics: [{ resource, scopeMetrics: [{ scope, metrics: [metric] }] }] },
  };
}
