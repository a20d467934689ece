import { assertEquals, assertRejects } from "@std/assert";
import { countSpans } from "./span_count.ts";

/** Two resources: one of a scope with two spans, one of a scope with one and another with none. */
const traces = { resourceSpans: [{ scopeSpans: [{ spans: [{}, {}] }] }, { scopeSpans: [{ spans: [{}] }, {}] }] };

const field = (number: number, bytes: readonly number[]) => [number << 3 | 2, bytes.length, ...bytes];
const span = field(2, field(5, [0x61]));
const protobuf = new Uint8Array([
  ...field(1, [...field(1, []), ...field(2, [...span, ...span]), ...field(3, [0x62])]),
  ...field(1, [...field(2, [...field(1, []), ...span]), ...field(2, [])]),
]);

function request(body: BodyInit, headers: Record<string, string>): Request {
  return new Request("http://localhost/v1/traces", { method: "POST", body, headers });
}

Deno.test("spans are counted in JSON and in protobuf", async () => {
  assertEquals(await countSpans(request(JSON.stringify(traces), { "content-type": "application/json" })), 3);
  assertEquals(await countSpans(request(protobuf, { "content-type": "application/x-protobuf" })), 3);
});

Deno.test("what is compressed is counted too, lengths of several bytes as well", async () => {
  const inner = Array.from({ length: 100 }, () => span).flat();
  const scope = [2 << 3 | 2, inner.length & 0x7f | 0x80, inner.length >> 7, ...inner];
  const many = [1 << 3 | 2, scope.length & 0x7f | 0x80, scope.length >> 7, ...scope];
  const zipped = new Blob([new Uint8Array(many)]).stream().pipeThrough(new CompressionStream("gzip"));
  const bytes = await new Response(zipped).bytes();
  const headers = { "content-type": "application/x-protobuf", "content-encoding": "gzip" };
  assertEquals(await countSpans(request(bytes, headers)), 100);
});

Deno.test("what is no export is told", async () => {
  await assertRejects(() => countSpans(request("garbage", { "content-type": "application/x-protobuf" })), Error);
});
