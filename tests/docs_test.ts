// Executes every block of the documentation that is marked "ts run", as a program of its own, before a vendor and a
// collector on this machine.
import { assertEquals } from "@std/assert";
import { configFlags } from "../scripts/configured.ts";
import { allSnippets, writeSnippets } from "../scripts/docs.ts";
import { startReceiver } from "./support/otlp_receiver.ts";

const limitMs = 60_000;
const answer = "Paris.";

/** Says the same to every request, in the dialects of OpenAI's chat and of Anthropic. */
async function vendor(request: Request): Promise<Response> {
  const { stream, model } = await request.json();
  const anthropic = new URL(request.url).pathname.endsWith("/messages");
  if (stream !== true) return Response.json(anthropic ? anthropicBody(model) : chatBody(model));
  const events = anthropic ? anthropicEvents(model) : chatEvents(model);
  return new Response(events.join(""), { headers: { "content-type": "text/event-stream" } });
}

function chatBody(model: string): object {
  const message = { role: "assistant", content: answer };
  return {
    id: "chatcmpl-1",
    object: "chat.completion",
    model,
    choices: [{ index: 0, message, finish_reason: "stop" }],
    usage: { prompt_tokens: 14, completion_tokens: 2, total_tokens: 16 },
  };
}

function chatEvents(model: string): string[] {
  const chunk = (fields: object) => ({ id: "chatcmpl-1", object: "chat.completion.chunk", model, ...fields });
  const choice = (delta: object, finish_reason: string | null) =>
    chunk({ choices: [{ index: 0, delta, finish_reason }] });
  const { usage } = chatBody(model) as { usage: object };
  const chunks = [
    choice({ role: "assistant", content: answer }, null),
    choice({}, "stop"),
    chunk({ choices: [], usage }),
  ];
  return [...chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`), "data: [DONE]\n\n"];
}

function anthropicBody(model: string): object {
  return {
    id: "msg_1",
    type: "message",
    role: "assistant",
    model,
    content: [{ type: "text", text: answer }],
    stop_reason: "end_turn",
    usage: { input_tokens: 14, output_tokens: 2 },
  };
}

function anthropicEvents(model: string): string[] {
  const events = [
    { type: "message_start", message: { ...anthropicBody(model), content: [], stop_reason: null } },
    { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
    { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: answer } },
    { type: "content_block_stop", index: 0 },
    { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 2 } },
    { type: "message_stop" },
  ];
  return events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
}

const snippets = (await allSnippets()).filter(({ run }) => run);

for (const snippet of snippets) {
  Deno.test(`the snippet at ${snippet.page}:${snippet.line} runs`, async () => {
    await using written = await writeSnippets([snippet]);
    await using receiver = startReceiver();
    await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, vendor);
    const base = `http://127.0.0.1:${server.addr.port}`;
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), limitMs);
    try {
      const child = new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", ...await configFlags({ snippets: true }), ...written.paths],
        cwd: new URL("../", import.meta.url),
        signal: limit.signal,
        env: {
          NO_COLOR: "1",
          OPENAI_API_KEY: "not-a-key",
          OPENAI_BASE_URL: `${base}/v1`,
          ANTHROPIC_API_KEY: "not-a-key",
          ANTHROPIC_BASE_URL: base,
          OTEL_SDK_DISABLED: "false",
          OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
        },
      });
      const { code, stdout, stderr } = await child.output();
      assertEquals(code, 0, new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr));
    } finally {
      clearTimeout(timer);
    }
  });
}
