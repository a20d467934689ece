import { assertEquals } from "@std/assert";
import type { ReasoningEffort } from "../../src/language_model.ts";
import { openaiChat } from "../../src/providers/openai_chat.ts";
import { openaiResponses } from "../../src/providers/openai_responses.ts";

const EFFORTS: readonly ReasoningEffort[] = ["none", "minimal", "low", "medium", "high", "xhigh"];

interface Body {
  readonly reasoning_effort?: string;
  readonly temperature?: number;
  readonly reasoning?: { readonly effort: string; readonly summary?: string };
}

function encode(model: string, reasoningEffort: ReasoningEffort) {
  const request = { messages: [{ role: "user", content: "Hi" }], reasoningEffort, temperature: 0.5 } as const;
  const chat = openaiChat.encode(model, request);
  const responses = openaiResponses.encode(model, request);
  return { chat: chat.body as Body, responses: responses.body as Body, notices: [chat.notices, responses.notices] };
}

/** What is sent for each of the efforts. */
const SENT: Readonly<Record<string, string>> = {
  "gpt-5": "minimal minimal low medium high high",
  "gpt-5-2025-08-07": "minimal minimal low medium high high",
  "gpt-5-mini": "minimal minimal low medium high high",
  "gpt-5-nano": "minimal minimal low medium high high",
  "gpt-5-pro": "high high high high high high",
  "gpt-5.1": "none low low medium high high",
  "gpt-5.1-codex-mini": "none low low medium high high",
  "gpt-5.1-codex-max": "none low low medium high xhigh",
  "gpt-5.2": "none minimal low medium high xhigh",
  "gpt-5.4-mini": "none minimal low medium high xhigh",
  "gpt-5.3-codex": "low low low medium high xhigh",
  "gpt-7.1-codex": "low low low medium high xhigh",
  "gpt-5.4-pro": "medium medium medium medium high xhigh",
  "gpt-5.5-pro": "medium medium medium medium high xhigh",
  "gpt-9": "none minimal low medium high xhigh",
  "o1": "low low low medium high high",
  "o4-mini": "low low low medium high high",
};

for (const [model, sent] of Object.entries(SENT)) {
  Deno.test(`${model} is sent the nearest effort that it has`, () => {
    for (const [index, effort] of sent.split(" ").entries()) {
      const wanted = EFFORTS[index]!;
      const { chat, responses, notices } = encode(model, wanted);
      assertEquals([chat.reasoning_effort, responses.reasoning?.effort], [effort, effort]);
      assertEquals([chat.temperature, responses.temperature], effort === "none" ? [0.5, 0.5] : [undefined, undefined]);
      const codes = [
        ...effort === "none" ? [] : ["parameter_dropped"],
        ...effort === wanted ? [] : ["parameter_changed"],
      ];
      assertEquals(notices.map((list) => (list ?? []).map(({ code }) => code)), [codes, codes]);
    }
  });
}

Deno.test("the notice of a changed effort names both", () => {
  const { notices: [chat] } = encode("o3", "xhigh");
  const message = 'reasoningEffort "xhigh" was sent as "high", the nearest that the model has.';
  assertEquals(chat?.at(-1), { code: "parameter_changed", message });
});

Deno.test("o1-mini is sent no effort, whichever was asked for, and reasons all the same", () => {
  for (const effort of EFFORTS) {
    const { chat, responses, notices: [notices] } = encode("o1-mini", effort);
    assertEquals([chat.reasoning_effort, responses.reasoning, chat.temperature], [undefined, undefined, undefined]);
    const message = "reasoningEffort was left out: o1-mini does not have it.";
    assertEquals(notices?.some((notice) => notice.message === message), true);
  }
});
