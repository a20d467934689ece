import { assertEquals } from "@std/assert";
import type { ReasoningEffort } from "../../src/language_model.ts";
import { models } from "../../src/catalog.ts";
import { anthropic } from "../../src/providers/anthropic.ts";
import { claudeRules } from "../../src/providers/anthropic_models.ts";
import { encoded } from "../support/decoding.ts";

/** What is said about thinking. */
interface Said {
  readonly reasoningEffort?: ReasoningEffort;
  readonly thinkingBudgetTokens?: number;
  readonly maxTokens?: number;
}

/** What is sent of it: max_tokens, a budget or the kind of thinking, the level. */
type Sent = readonly [maxTokens: number, thinking?: number | string | undefined, level?: string];

const cut = (asked: number, sent: number) =>
  `A thinking budget of ${asked} tokens was sent as ${sent}: the model writes no more.`;

const ROWS: readonly (readonly [model: string, said: Said, sent: Sent, notice?: string])[] = [
  // Models with budgets.
  ["claude-haiku-4-5", {}, [8_000]],
  ["claude-3-5-haiku-latest", {}, [8_000]],
  ["claude-haiku-4-5", { reasoningEffort: "none" }, [8_000]],
  ["claude-haiku-4-5", { reasoningEffort: "minimal" }, [9_024, 1_024]],
  ["claude-haiku-4-5", { reasoningEffort: "low" }, [12_000, 4_000]],
  ["claude-haiku-4-5", { reasoningEffort: "medium" }, [24_000, 16_000]],
  ["claude-haiku-4-5", { reasoningEffort: "high" }, [40_000, 32_000]],
  // The model writes no more than 64,000 tokens, and 8,000 of them stay for the answer.
  ["claude-haiku-4-5", { reasoningEffort: "xhigh" }, [64_000, 56_000], cut(64_000, 56_000)],
  ["claude-opus-4-0", { reasoningEffort: "high" }, [32_000, 24_000], cut(32_000, 24_000)],
  // A budget of the caller's own leaves less for the answer.
  ["claude-haiku-4-5", { thinkingBudgetTokens: 60_000 }, [64_000, 60_000]],
  ["claude-haiku-4-5", { thinkingBudgetTokens: 200_000 }, [64_000, 62_976], cut(200_000, 62_976)],
  ["claude-haiku-4-5", { thinkingBudgetTokens: 5_000 }, [13_000, 5_000]],
  ["claude-haiku-4-5", { thinkingBudgetTokens: 1_024 }, [9_024, 1_024]],
  [
    "claude-haiku-4-5",
    { thinkingBudgetTokens: 100 },
    [9_024, 1_024],
    "thinkingBudgetTokens 100 was sent as 1024, the least that there is.",
  ],
  [
    "claude-sonnet-4-6",
    { thinkingBudgetTokens: 1 },
    [9_024, 1_024],
    "thinkingBudgetTokens 1 was sent as 1024, the least that there is.",
  ],
  ["claude-haiku-4-5", { thinkingBudgetTokens: 0 }, [8_000]],
  ["claude-haiku-4-5", { thinkingBudgetTokens: 0, reasoningEffort: "low" }, [12_000, 4_000]],
  ["claude-haiku-4-5", { thinkingBudgetTokens: 5_000, reasoningEffort: "high" }, [13_000, 5_000]],
  ["claude-haiku-4-5", { reasoningEffort: "low", maxTokens: 500 }, [4_500, 4_000]],
  ["claude-opus-4-0", { reasoningEffort: "medium", maxTokens: 32_000 }, [32_000, 16_000]],
  ["claude-opus-4-5", { reasoningEffort: "low" }, [12_000, 4_000]],
  ["claude-sonnet-4-20250514", { reasoningEffort: "low" }, [12_000, 4_000]],
  ["claude-3-7-sonnet-latest", { reasoningEffort: "low" }, [12_000, 4_000]],
  // Either.
  ["claude-opus-4-6", { thinkingBudgetTokens: 5_000 }, [13_000, 5_000]],
  ["claude-sonnet-4-6", { reasoningEffort: "low" }, [12_000, "adaptive", "low"]],
  ["claude-sonnet-4-6", { reasoningEffort: "xhigh" }, [72_000, "adaptive", "max"]],
  // Models with levels of their own.
  ["claude-opus-4-7", {}, [8_000]],
  ["claude-opus-4-8", { reasoningEffort: "none" }, [8_000]],
  ["claude-opus-4-8", { reasoningEffort: "minimal" }, [9_024, "adaptive", "low"]],
  ["claude-sonnet-5", {}, [8_000]],
  ["claude-sonnet-5", { reasoningEffort: "medium" }, [24_000, "adaptive", "medium"]],
  ["claude-sonnet-5", { reasoningEffort: "medium", maxTokens: 500 }, [500, "adaptive", "medium"]],
  ["claude-sonnet-5", { reasoningEffort: "none" }, [8_000, "disabled"]],
  ["claude-haiku-5-5", { reasoningEffort: "none" }, [8_000, "disabled"]],
  ["claude-sonnet-5-5", { reasoningEffort: "none" }, [8_000, "between_tools"]],
  ["claude-sonnet-5-5", { reasoningEffort: "xhigh" }, [72_000, "adaptive", "xhigh"]],
  [
    "claude-opus-5-5",
    { reasoningEffort: "none" },
    [8_000, undefined, "low"],
    'reasoningEffort "none" was left out: claude-opus-5-5 always thinks, and its lowest level is sent.',
  ],
  [
    "claude-opus-5",
    { thinkingBudgetTokens: 10_000 },
    [24_000, "adaptive", "medium"],
    "thinkingBudgetTokens was left out: claude-opus-5 takes levels, and medium is the one that is sent.",
  ],
  [
    "claude-fable-5-2",
    { thinkingBudgetTokens: 100_000 },
    [72_000, "adaptive", "xhigh"],
    "thinkingBudgetTokens was left out: claude-fable-5-2 takes levels, and xhigh is the one that is sent.",
  ],
  // Models that do not think.
  [
    "claude-3-5-haiku-latest",
    { reasoningEffort: "low", thinkingBudgetTokens: 2_000 },
    [8_000],
    "reasoningEffort and thinkingBudgetTokens were left out: claude-3-5-haiku-latest does not think.",
  ],
  ["claude-3-5-haiku-latest", { reasoningEffort: "none" }, [8_000]],
  // Unknown ones: a Claude has the newest rules, any other the oldest.
  ["claude-opus-9", { reasoningEffort: "high" }, [40_000, "adaptive", "high"]],
  ["us.anthropic.claude-opus-4-8-v1", { reasoningEffort: "high" }, [40_000, "adaptive", "high"]],
  ["kimi-k3", { reasoningEffort: "high" }, [40_000, 32_000]],
];

for (const [model, said, [maxTokens, kind, level], notice] of ROWS) {
  Deno.test(`${model} is told ${JSON.stringify(said)} in its own words`, () => {
    const { body, notices } = encoded(anthropic, model, said);
    const { thinking, output_config: output } = body as {
      readonly thinking?: { readonly type: string; readonly budget_tokens?: number };
      readonly output_config?: { readonly effort?: string };
    };
    assertEquals(body["max_tokens"], maxTokens);
    assertEquals(thinking?.budget_tokens ?? thinking?.type, kind);
    assertEquals(output?.effort, level);
    assertEquals(notices, notice === undefined ? [] : [notice]);
    if (thinking?.type === "adaptive") {
      assertEquals<unknown>(thinking, { type: "adaptive", display: "summarized" });
    }
    if (thinking?.budget_tokens !== undefined) assertEquals(thinking.budget_tokens < maxTokens, true);
  });
}

Deno.test("every Claude of the catalogue has rules that agree with it", () => {
  for (const model of models().filter(({ provider }) => provider === "anthropic")) {
    for (const name of [model.name, ...model.aliases]) {
      const rules = claudeRules(name);
      assertEquals(rules, claudeRules(model.name), name);
      assertEquals(rules.thinking !== "none", model.reasoning, name);
      assertEquals(rules.outputFormat, model.structuredOutput, name);
    }
  }
});
