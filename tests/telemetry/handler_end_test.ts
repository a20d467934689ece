// How a body's end reaches the back end when it is not the end that was meant.
import { assertEquals, assertRejects } from "@std/assert";
import { createClient, instrumentHandler, startTelemetry } from "../../mod.ts";
import { startCollector } from "../support/collector.ts";
import { asked, keeping } from "../support/handler.ts";
import { chatThenStall, startVendor } from "../support/vendor_server.ts";

for (const waits of [true, false]) {
  const where = waits ? "in waitUntil" : "before the body ends";

  Deno.test(`what a reader breaks off is sent ${where}, with all that the body was made of`, async () => {
    await using vendor = startVendor(chatThenStall());
    await using collector = await startCollector();
    const env = { OTEL_METRICS_EXPORTER: "none" };
    await using _telemetry = await startTelemetry({ enabled: true, env, endpoint: collector.url });
    const client = createClient("gpt-4o-mini", { baseUrl: vendor.url, apiKey: "test" });
    const handler = instrumentHandler((_request: Request, _context: object) => {
      const events = client.stream("Capital?")[Symbol.asyncIterator]();
      return new Response(
        new ReadableStream({
          async pull(controller) {
            const { value } = await events.next();
            controller.enqueue(new TextEncoder().encode(value?.type));
          },
          cancel: async () => void await events.return(),
        }),
      );
    });
    const context = keeping();
    const reader = (await handler(asked(), waits ? context : {})).body!.getReader();
    await reader.read();
    await reader.cancel();
    await Promise.all(context.kept);
    const names = collector.receiver.spans().map(({ name }) => name).sort();
    assertEquals(names, ["GET", "http.request", "llm.openai.stream", "llm.request"]);
  });

  Deno.test(`a body that fails is sent ${where}`, async () => {
    await using collector = await startCollector();
    const env = { OTEL_METRICS_EXPORTER: "none" };
    await using _telemetry = await startTelemetry({ enabled: true, env, endpoint: collector.url });
    const body = () => new ReadableStream({ pull: () => Promise.reject(new Error("broken")) });
    const context = keeping();
    const response = await instrumentHandler((_request: Request, _context: object) => new Response(body()))(
      asked(),
      waits ? context : {},
    );
    await assertRejects(() => response.text(), Error, "broken");
    await Promise.all(context.kept);
    assertEquals(collector.receiver.spans().map(({ status }) => status.code), ["ERROR"]);
  });
}
