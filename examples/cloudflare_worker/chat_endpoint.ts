/**
 * A chat endpoint: a question is posted as text, and the answer comes as text, word by word. Nothing in it is of one
 * runtime, and the same file lies in each of the folders that deploy it.
 *
 * @module
 */
import { type Client, extractContext, LlmError } from "@sik/llms";

/** Answers one request. What goes wrong before the first word is a status, what goes wrong later breaks the body off. */
export async function answer(request: Request, client: Client): Promise<Response> {
  if (request.method !== "POST") return new Response("POST a question.\n", { status: 405, headers: { allow: "POST" } });
  const question = await request.text();
  if (question.trim() === "") return new Response("The question is empty.\n", { status: 400 });
  const events = client.stream(question, {
    parent: extractContext(request.headers), // The handler's own span, also where nothing carries it across awaits.
    signal: request.signal, // Where the reader leaves, some runtimes abort it, and some cancel the body.
  })[Symbol.asyncIterator]();

  async function nextText(): Promise<string | undefined> {
    for (let read = await events.next(); !read.done; read = await events.next()) {
      if (read.value.type === "text") return read.value.delta;
    }
    return undefined;
  }

  let text: string | undefined;
  try {
    text = await nextText();
  } catch (error) {
    if (!(error instanceof LlmError)) throw error;
    return Response.json({ error: error.name, trace: error.traceContext?.traceId }, { status: 502 });
  }
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (text === undefined) return controller.close();
      controller.enqueue(encoder.encode(text));
      text = await nextText();
    },
    async cancel() {
      await events.return(); // The reader has left: so does the request to the model.
    },
  }, { highWaterMark: 0 });
  return new Response(body, { headers: { "content-type": "text/plain; charset=utf-8" } });
}
