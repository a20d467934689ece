import { assertEquals } from "@std/assert";
import { anthropic, openaiChat, openaiResponses, type Provider } from "../mod.ts";
import { providerNamed } from "../src/providers/mod.ts";
import { startVendor } from "./support/vendor_server.ts";
import { answers, clientFor, type Wire, wires } from "./support/wires.ts";

/** Asks a provider of one's own that this vendor stands behind. */
async function ask(wire: Wire, provider: Provider, streaming = true): Promise<string> {
  await using server = startVendor(answers(wire));
  return (await clientFor({ ...wire, provider }, server).run("Where?", { streaming })).response;
}

for (const wire of wires) {
  const { provider } = wire;
  const { path, headers, encode, decode, decodeBody, errorOf } = provider;
  const own = { name: "acme", baseUrl: provider.baseUrl, path, headers, errorOf };

  for (const streaming of [true, false]) {
    const how = streaming ? "streamed" : "in one body";

    Deno.test(`a provider of the parts of ${wire.name}'s reads what it says, ${how}`, async () => {
      assertEquals(await ask(wire, { ...own, encode, decode, decodeBody }, streaming), "Paris.");
    });

    Deno.test(`a provider that calls ${wire.name}'s functions reads what it says, ${how}`, async () => {
      const calling: Provider = {
        ...own,
        encode: (model, request) => encode(model, request),
        decode: (events, request) => decode(events, request),
        decodeBody: (body, request) => decodeBody(body, request),
      };
      assertEquals(await ask(wire, calling, streaming), "Paris.");
    });
  }

  Deno.test(`the readers of ${wire.name}'s read for a provider that has the rest of another dialect`, async () => {
    const other = provider === openaiChat ? anthropic : openaiChat;
    assertEquals(await ask(wire, { ...other, ...own, decode, decodeBody }), "Paris.");
  });
}

Deno.test("functions taken off a ready vendor are that vendor's own", () => {
  const request = { messages: [], topK: 4 };
  const { encode } = openaiChat;
  assertEquals(encode("gpt-4o-mini", request).notices?.length, 1);
  for (const name of ["mistral", "deepseek", "openrouter"]) {
    const vendor = providerNamed(name) as Provider;
    const { encode } = vendor;
    assertEquals(encode("large", request), vendor.encode("large", request), name);
  }
  assertEquals(openaiResponses.decode === openaiChat.decode, false);
});
