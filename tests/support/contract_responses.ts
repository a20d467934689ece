/**
 * The contract in OpenAI's Responses, as their reference documents them
 * (https://platform.openai.com/docs/api-reference/responses).
 *
 * @module
 */
import { PARAMETERS, PNG } from "./contract_parts.ts";
import type { Contract, Said } from "./contract.ts";
import { named, type WireEvent } from "./decoding.ts";
import { responsesWire } from "./wires.ts";

const usage = {
  input_tokens: 100,
  input_tokens_details: { cached_tokens: 60, cache_write_tokens: 10 },
  output_tokens: 25,
  output_tokens_details: { reasoning_tokens: 5 },
  total_tokens: 125,
};

interface Item {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** The items of the answer, as they are when they are done. */
function itemsOf({ thought, text, calls = [], refusal, isCut = false }: Said): readonly Item[] {
  const status = isCut ? "incomplete" : "completed";
  const content = [
    ...text === undefined ? [] : [{ type: "output_text", text: text.join(""), annotations: [] }],
    ...refusal === undefined ? [] : [{ type: "refusal", refusal }],
  ];
  return [
    ...thought === undefined ? [] : [reasoning(thought)],
    ...content.length === 0 ? [] : [{ type: "message", id: "msg_1", status, role: "assistant", content }],
    ...calls.map(({ id, name, arguments: written }) => ({
      type: "function_call",
      id: `fc_${id}`,
      status: "completed",
      call_id: id,
      name,
      arguments: written,
    })),
  ];
}

const reasoning = (thought: string): Item => ({
  type: "reasoning",
  id: "rs_1",
  summary: [{ type: "summary_text", text: thought }],
  encrypted_content: "gAAAAsealed",
});

function responseOf(said: Said): Readonly<Record<string, unknown>> {
  const { isCut = false } = said;
  return {
    id: "resp_1",
    object: "response",
    model: "gpt-4o-mini-2024-07-18",
    status: isCut ? "incomplete" : "completed",
    error: null,
    incomplete_details: isCut ? { reason: "max_output_tokens" } : null,
    output: itemsOf(said),
    service_tier: "default",
    usage,
  };
}

function stream(said: Said): string {
  const whole = responseOf(said);
  const items = itemsOf(said);
  const pending = { ...whole, status: "in_progress", incomplete_details: null, output: [], usage: null };
  const calls = items.map((item, index) => ({ item, output_index: index })).filter(({ item }) => {
    return item.type === "function_call";
  });
  const half = (which: 0 | 1) =>
    calls.map(({ item, output_index }): WireEvent => {
      const written = String(item["arguments"]);
      const middle = Math.ceil(written.length / 2);
      const delta = which === 0 ? written.slice(0, middle) : written.slice(middle);
      return { type: "response.function_call_arguments.delta", item_id: item["id"], output_index, delta };
    });
  const done = (output_index: number): WireEvent => {
    return { type: "response.output_item.done", output_index, item: items[output_index] };
  };
  return named(
    { type: "response.created", response: pending },
    { type: "response.in_progress", response: pending },
    ...items.flatMap((item, output_index): WireEvent[] => {
      const added = { ...item, summary: undefined, content: undefined, arguments: "", status: "in_progress" };
      const at = { item_id: item["id"], output_index };
      const begin: WireEvent = { type: "response.output_item.added", output_index, item: added };
      if (item.type === "function_call") return [begin];
      const pieces: readonly WireEvent[] = item.type === "reasoning"
        ? [{ type: "response.reasoning_summary_text.delta", ...at, summary_index: 0, delta: said.thought }]
        : said.refusal === undefined
        ? (said.text ?? []).map((delta) => ({ type: "response.output_text.delta", ...at, content_index: 0, delta }))
        : [{ type: "response.refusal.delta", ...at, content_index: 0, delta: said.refusal }];
      return [begin, ...pieces, done(output_index)];
    }),
    ...half(0),
    ...half(1),
    ...calls.map(({ output_index }) => done(output_index)),
    { type: said.isCut === true ? "response.incomplete" : "response.completed", response: whole },
  );
}

const call = (call_id: string, city: string) => ({
  type: "function_call",
  call_id,
  name: "weather",
  arguments: JSON.stringify({ city }),
});
const output = (call_id: string, output: string) => ({ type: "function_call_output", call_id, output });

/** The contract in Responses. */
export const responsesContract: Contract = {
  wire: responsesWire,
  thinker: "gpt-5.4",
  finishReasons: { said: "completed", tools: "completed", cut: "max_output_tokens", refused: "completed" },
  cost: (30 * 0.15 + 60 * 0.075 + 10 * 0.15 + 25 * 0.6) / 1e6,
  stream,
  body: responseOf,
  requests: {
    plain: { model: "gpt-4o-mini", input: [{ role: "user", content: "Where?" }], store: false, stream: true },
    tools: {
      tools: [{
        type: "function",
        name: "weather",
        description: "Tells the weather of a city.",
        parameters: PARAMETERS,
        strict: true,
      }],
      tool_choice: "required",
      parallel_tool_calls: false,
    },
    schema: { text: { format: { type: "json_schema", name: "answer", schema: PARAMETERS, strict: true } } },
    images: {
      input: [{
        role: "user",
        content: [
          { type: "input_text", text: "What is this?" },
          { type: "input_image", image_url: "https://pictures.test/cat.jpg", detail: "auto" },
          { type: "input_image", image_url: `data:image/png;base64,${PNG}`, detail: "auto" },
        ],
      }],
    },
    thinking: {
      model: "gpt-5.4",
      reasoning: { effort: "low", summary: "auto" },
      include: ["reasoning.encrypted_content"],
      max_output_tokens: 500,
      temperature: undefined,
    },
  },
  // https://platform.openai.com/docs/guides/reasoning#encrypted-reasoning-items: they go back, before their calls.
  history: {
    store: false,
    include: ["reasoning.encrypted_content"],
    input: [
      { role: "system", content: "Be short." },
      { role: "user", content: "How is the weather in Paris and Rome?" },
      reasoning("Two cities."),
      { role: "assistant", content: "I will look." },
      call("call_paris", "Paris"),
      call("call_rome", "Rome"),
      output("call_paris", '{"sky":"sunny"}'),
      output("call_rome", "No such station."),
      { role: "assistant", content: "Sunny in Paris, Rome is unknown." },
      { role: "user", content: "And in Oslo?" },
      call("call_oslo", "Oslo"),
      output("call_oslo", "snow"),
      { role: "assistant", content: "It snows in Oslo." },
      { role: "user", content: "Which is the coldest?" },
    ],
  },
};
