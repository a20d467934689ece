/**
 * A receiver of OTLP over HTTP on a free port of this machine, for demo and tests: JSON and protobuf, gzip or not.
 *
 * @module
 */
import { decodeRequest, type Payload, type ReceivedPoint, type ReceivedSpan } from "./otlp_decode.ts";

/** One request, as `respond` sees it. */
export interface OtlpRequest extends Payload {
  readonly path: string;
  readonly signal: "traces" | "metrics";
  /** The how-manieth request on this path, from 1. */
  readonly attempt: number;
  readonly headers: Headers;
  readonly format: "json" | "protobuf";
  readonly compressed: boolean;
  /** Decompressed. */
  readonly body: Uint8Array<ArrayBuffer>;
}

/** One request with its answer. */
export interface AnsweredRequest extends OtlpRequest {
  readonly status: number;
  /** Why it could not be decoded; it was answered with 400, or 415. */
  readonly trouble: string | undefined;
}

/** The receiver. */
export interface OtlpReceiver extends AsyncDisposable {
  /** For `OTEL_EXPORTER_OTLP_ENDPOINT`; no slash at its end. */
  readonly url: string;
  /** Spans of the requests that were answered with 2xx, in order of arrival. */
  spans(): readonly ReceivedSpan[];
  /** Data points of the requests that were answered with 2xx, in order of arrival: every export adds its own. */
  metrics(): readonly ReceivedPoint[];
  /** Every request that was answered. */
  requests(): readonly AnsweredRequest[];
  /** Resolves when `predicate` holds, which is asked now and after every answer. Rejects after `timeoutMs` (5,000). */
  waitFor(
    predicate: (receiver: OtlpReceiver) => boolean,
    options?: { readonly timeoutMs?: number | undefined },
  ): Promise<void>;
  /** Closes the port and every connection, unanswered requests included. */
  close(): Promise<void>;
}

/** How the receiver behaves. */
export interface ReceiverOptions {
  /** An answer of one's own, instead of success. One that never resolves leaves the client waiting. */
  readonly respond?: ((request: OtlpRequest) => Response | undefined | Promise<Response | undefined>) | undefined;
}

const formats: Readonly<Record<string, "json" | "protobuf">> = {
  "application/json": "json",
  "application/x-protobuf": "protobuf",
};

/** Starts a receiver. `await using receiver = startReceiver()` closes it at the end of the block. */
export function startReceiver(options: ReceiverOptions = {}): OtlpReceiver {
  const answered: AnsweredRequest[] = [];
  const attempts = new Map<string, number>();
  const waiting = new Set<() => unknown>();
  const stop = new AbortController();

  const handle = async (incoming: Request): Promise<Response> => {
    const path = new URL(incoming.url).pathname;
    const signal = /\/v1\/(traces|metrics)$/.exec(path)?.[1] as OtlpRequest["signal"] | undefined;
    if (signal === undefined || incoming.method !== "POST") return new Response("not OTLP", { status: 404 });
    const attempt = (attempts.get(path) ?? 0) + 1;
    attempts.set(path, attempt);
    const [format, type] = formatOf(incoming.headers);
    const compressed = incoming.headers.get("content-encoding") === "gzip";
    const raw = await incoming.bytes();
    const basics = { path, signal, attempt, headers: incoming.headers, format: format ?? "json", compressed };

    let request: OtlpRequest = { ...basics, body: raw, spans: [], metrics: [] };
    let trouble = format === undefined ? `content type ${type}` : undefined;
    if (format !== undefined) {
      try {
        const body = compressed ? await gunzip(raw) : raw;
        request = { ...basics, body, ...decodeRequest(signal, format, body) };
      } catch (error) {
        trouble = String(error);
      }
    }
    const refused = trouble === undefined ? undefined : new Response(trouble, { status: format ? 400 : 415 });
    const response = refused ?? await options.respond?.(request) ?? success(request.format);
    answered.push({ ...request, status: response.status, trouble });
    for (const look of waiting) look();
    return response;
  };

  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, signal: stop.signal, onListen() {} }, handle);
  const accepted = () => answered.filter(({ status }) => status >= 200 && status < 300);
  const close = async () => {
    stop.abort();
    await server.finished;
  };
  const receiver: OtlpReceiver = {
    url: `http://127.0.0.1:${server.addr.port}`,
    spans: () => accepted().flatMap(({ spans }) => spans),
    metrics: () => accepted().flatMap(({ metrics }) => metrics),
    requests: () => [...answered],
    waitFor: (predicate, { timeoutMs = 5_000 } = {}) => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      let timer: ReturnType<typeof setTimeout> | undefined;
      const settle = (how: () => void) => {
        clearTimeout(timer); // At once: whoever is told must find no timer left.
        waiting.delete(look);
        how();
      };
      const look = () => {
        try {
          if (predicate(receiver)) settle(resolve);
          else return true;
        } catch (error) {
          settle(() => reject(error));
        }
        return false;
      };
      const late = () => new Error(`Nothing like that within ${timeoutMs} ms. ${summary(receiver)}`);
      if (look()) {
        waiting.add(look);
        timer = setTimeout(() => settle(() => reject(late())), timeoutMs);
      }
      return promise;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
  return receiver;
}

function formatOf(headers: Headers): [OtlpRequest["format"] | undefined, string] {
  const type = headers.get("content-type")?.split(";")[0]?.trim().toLowerCase() ?? "";
  return [formats[type], type];
}

/** An empty answer means full success, in both formats. */
function success(format: OtlpRequest["format"]): Response {
  return format === "json"
    ? Response.json({})
    : new Response(new Uint8Array(), { headers: { "content-type": "application/x-protobuf" } });
}

async function gunzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).bytes();
}

function summary(receiver: OtlpReceiver): string {
  const requests = receiver.requests().map(({ path, status, trouble }) => `${path} ${status} ${trouble ?? ""}`.trim());
  const names = [...receiver.spans(), ...receiver.metrics()].map(({ name }) => name);
  return `Requests: ${requests.join("; ") || "none"}. Names: ${[...new Set(names)].join(", ") || "none"}.`;
}
