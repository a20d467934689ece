import { assertEquals, assertRejects } from "@std/assert";
import { APIError, OpenAI } from "openai";
import { BadRequestError, createClient } from "../../mod.ts";
import { startScriptedOpenai } from "../../examples/support/scripted_openai.ts";

const script = [
  { question: "Who?", answer: "Nobody, I am afraid." },
  { question: "Again?", answer: "Yes.", refusals: 1 },
];
const ask = (content: string) => ({ model: "gpt-4o-mini", messages: [{ role: "user" as const, content }] });

Deno.test("startScriptedOpenai() is read by OpenAI's own client, streamed and whole", async () => {
  await using server = startScriptedOpenai(script);
  const openai = new OpenAI({ baseURL: server.baseUrl, apiKey: "none", maxRetries: 0 });
  const whole = await openai.chat.completions.create(ask("Who?"));
  const stream = await openai.chat.completions.create({
    ...ask("Who?"),
    stream: true,
    stream_options: { include_usage: true },
  });
  const chunks = await Array.fromAsync(stream);
  const text = chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("");
  assertEquals(text, "Nobody, I am afraid.");
  assertEquals(whole.choices[0]?.message.content, text);
  assertEquals(chunks.at(-1)?.usage, whole.usage);
  assertEquals(chunks.map((chunk) => chunk.choices[0]?.finish_reason).filter(Boolean), ["stop"]);
  assertEquals(new Set([whole.model, ...chunks.map(({ model }) => model)]), new Set(["gpt-4o-mini-2024-07-18"]));
});

Deno.test("startScriptedOpenai() sends no usage that was not asked for", async () => {
  await using server = startScriptedOpenai(script);
  const openai = new OpenAI({ baseURL: server.baseUrl, apiKey: "none", maxRetries: 0 });
  const chunks = await Array.fromAsync(await openai.chat.completions.create({ ...ask("Who?"), stream: true }));
  assertEquals(chunks.filter((chunk) => "usage" in chunk), []);
});

Deno.test("startScriptedOpenai() refuses as the vendor does: status, code, request id and rate limits", async () => {
  await using server = startScriptedOpenai(script);
  const openai = new OpenAI({ baseURL: server.baseUrl, apiKey: "none", maxRetries: 0 });
  const limited = await assertRejects(() => openai.chat.completions.create(ask("Again?")), APIError);
  assertEquals([limited.status, limited.code, limited.headers?.get("retry-after")], [
    429,
    "rate_limit_exceeded",
    "1",
  ]);
  assertEquals(limited.requestID?.startsWith("req_"), true);
  const answered = await openai.chat.completions.create(ask("Again?"));
  assertEquals(answered.choices[0]?.message.content, "Yes.");
  const hot = await assertRejects(() => openai.chat.completions.create({ ...ask("Who?"), temperature: 3 }), APIError);
  assertEquals([hot.status, hot.param, hot.type], [400, "temperature", "invalid_request_error"]);
});

Deno.test("startScriptedOpenai() is read by this library's client the same way", async () => {
  await using server = startScriptedOpenai(script);
  const openai = new OpenAI({ baseURL: server.baseUrl, apiKey: "none", maxRetries: 0 });
  const client = createClient("gpt-4o-mini", { baseUrl: server.baseUrl, telemetry: false });
  const theirs = await openai.chat.completions.create(ask("Who?"));
  const ours = await client.run("Who?");
  assertEquals(ours.response, theirs.choices[0]?.message.content);
  assertEquals([ours.usage?.inputTokens, ours.usage?.outputTokens], [
    theirs.usage?.prompt_tokens,
    theirs.usage?.completion_tokens,
  ]);
  await assertRejects(() => client.run("Who?", { temperature: 3 }), BadRequestError);
});

Deno.test("startScriptedOpenai() closes while an answer is under way", async () => {
  const server = startScriptedOpenai([{ question: "Long?", answer: "word ".repeat(500) }]);
  const client = createClient("gpt-4o-mini", { baseUrl: server.baseUrl, telemetry: false, maxRetries: 0 });
  const events = client.stream("Long?")[Symbol.asyncIterator]();
  await events.next();
  await server.close();
  await events.return();
});
