/**
 * How many spans an export holds, without decoding them: the vendor's process has other work.
 *
 * @module
 */

/** The fields that lead from `TracesData` over `ResourceSpans` and `ScopeSpans` to each `Span` in OTLP. */
const PATH = [1, 2, 2] as const;
const LENGTH_DELIMITED = 2;

/** OTLP/JSON, as far as it is read here. */
interface Traces {
  readonly resourceSpans?: readonly { readonly scopeSpans?: readonly { readonly spans?: readonly unknown[] }[] }[];
}

/** Counts the spans of a request to `/v1/traces`. */
export async function countSpans(request: Request): Promise<number> {
  const isGzip = request.headers.get("content-encoding") === "gzip";
  const raw = await request.bytes();
  const bytes = isGzip ? await gunzip(raw) : raw;
  const isJson = request.headers.get("content-type")?.startsWith("application/json") ?? false;
  return isJson ? countJson(JSON.parse(new TextDecoder().decode(bytes))) : countProtobuf(bytes);
}

function countJson({ resourceSpans = [] }: Traces): number {
  return resourceSpans.flatMap(({ scopeSpans = [] }) => scopeSpans).reduce(
    (sum, { spans = [] }) => sum + spans.length,
    0,
  );
}

/** Counts the messages at the end of the path; on the way every field has a length. */
function countProtobuf(bytes: Uint8Array, depth = 0): number {
  let [at, count] = [0, 0];
  const varint = () => {
    for (let [value, shift] = [0, 0];; shift += 7) {
      const byte = bytes[at++];
      if (byte === undefined) throw new Error("The export ends in the middle of a number.");
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    if ((tag & 7) !== LENGTH_DELIMITED) throw new Error(`The export has wire type ${tag & 7} where none is.`);
    const end = varint() + at;
    if (tag >> 3 === PATH[depth]) {
      count += depth === PATH.length - 1 ? 1 : countProtobuf(bytes.subarray(at, end), depth + 1);
    }
    at = end;
  }
  return count;
}

async function gunzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  return await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).bytes();
}
