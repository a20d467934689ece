import { assertEquals, assertRejects } from "@std/assert";
import { startResetting } from "./resetting_server.ts";
import { body, chat, chatThenStall, refusedUrl, startVendor } from "./vendor_server.ts";

function post(url: string, json: unknown = {}, signal?: AbortSignal): Promise<Response> {
  return fetch(`${url}/chat/completions?a=1`, { method: "POST", body: JSON.stringify(json), signal: signal ?? null });
}

Deno.test("vendor tells what it was asked", async () => {
  await using server = startVendor(body({ ok: true }));
  const response = await post(server.url, { text: "é😀" });
  assertEquals([response.status, await response.json()], [200, { ok: true }]);
  const { method, path, body: asked, number, connection } = await server.request(1);
  assertEquals([method, path, asked, number, connection], ["POST", "/v1/chat/completions?a=1", { text: "é😀" }, 1, 1]);
});

Deno.test("vendor's handlers answer one request each, and the last all that follow", async () => {
  await using server = startVendor(body("1", { status: 500 }), body("2"));
  const texts: string[] = [];
  for (let request = 0; request < 3; request++) texts.push(await (await post(server.url)).text());
  assertEquals([texts, server.connections], [["1", "2", "2"], 1]);
});

Deno.test("vendor streams a body that fetch reads to its end", async () => {
  await using server = startVendor(chat({ text: ["Pa", "ris."] }));
  const lines = (await (await post(server.url)).text()).split("\n\n");
  assertEquals([lines.length, lines.at(-2)], [6, "data: [DONE]"]);
});

Deno.test("vendor sees the client close its connection", async () => {
  await using server = startVendor(chatThenStall());
  const controller = new AbortController();
  const { body } = await post(server.url, {}, controller.signal);
  const reader = body!.getReader();
  await reader.read();
  const closed = server.connectionClosed(1);
  controller.abort();
  await assertRejects(() => reader.read());
  await closed;
});

Deno.test("vendor does not take its own closing for the client's", async () => {
  await using server = startVendor((reply) => reply.close());
  await assertRejects(() => post(server.url), TypeError);
  await assertRejects(() => server.connectionClosed(1), Error, "The server closed connection 1 itself");
});

Deno.test("a resetting server resets the connection", async () => {
  await using server = await startResetting();
  const socket = await Deno.connect({ hostname: "127.0.0.1", port: Number(new URL(server.url).port) });
  await socket.write(new TextEncoder().encode("POST /v1 HTTP/1.1\r\n\r\n"));
  await assertRejects(() => socket.read(new Uint8Array(1)), Deno.errors.ConnectionReset);
  socket.close();
});

Deno.test("vendor throws at its end what a handler threw", async () => {
  const server = startVendor(async (reply) => {
    await reply.head(200, { "content-length": "0" });
    throw new Error("the test's own mistake");
  });
  await (await post(server.url)).body?.cancel();
  await assertRejects(() => server[Symbol.asyncDispose](), Error, "the test's own mistake");
});

Deno.test("nobody listens on a refused URL", async () => {
  await assertRejects(() => post(refusedUrl()), TypeError);
});
