/**
 * What Claude models take and refuse, family by family. This is the one place that knows.
 *
 * Sources, as of November 2026:
 * - thinking, effort, sampling, forced tools: https://platform.claude.com/docs/en/build-with-claude/thinking,
 *   https://platform.claude.com/docs/en/build-with-claude/effort, and the table "Thinking & Effort" of
 *   https://github.com/anthropics/skills/blob/main/skills/claude-api/SKILL.md
 * - what each model broke: https://platform.claude.com/docs/en/models/<model>/whats-new-<model>, as
 *   opus-5-5, sonnet-5-5, haiku-5-5, fable-5-1, fable-5-2; .../models/sonnet-5/migration-guide
 * - temperature or top_p, not both, from Opus 4.1 and Sonnet 4.5 on:
 *   https://platform.claude.com/docs/en/about-claude/models/migrating-to-claude-4
 * - output formats from the 4.5 family on: https://platform.claude.com/docs/en/build-with-claude/structured-outputs
 *
 * @module
 */

/** The rules of one family. */
export interface ClaudeRules {
  /** How it is told to think: not at all, by a budget of tokens, by levels, or by either. */
  readonly thinking: "none" | "budget" | "levels" | "either";
  /** Whether it thinks when nothing is said. */
  readonly byDefault: boolean;
  /** What turns thinking off where it is on by default; undefined where nothing does. */
  readonly off?: "disabled" | "between_tools";
  /** Its name for our highest level. */
  readonly highest: "xhigh" | "max";
  /** Whether it takes temperature, top_p and top_k: any, one of the first two, or none of them. */
  readonly sampling: "any" | "one" | "none";
  /** When it can be made to call a tool. */
  readonly forcesTools: "always" | "unlessThinking" | "never";
  /** Whether it holds an answer to a JSON Schema by itself. */
  readonly outputFormat: boolean;
}

const OLD: ClaudeRules = {
  thinking: "budget",
  byDefault: false,
  highest: "xhigh",
  sampling: "any",
  forcesTools: "unlessThinking",
  outputFormat: false,
};
const NEW: ClaudeRules = {
  thinking: "levels",
  byDefault: true,
  highest: "xhigh",
  sampling: "none",
  forcesTools: "never",
  outputFormat: true,
};

/** The first that fits holds. Names are not anchored at their start: other clouds put a prefix there. */
const FAMILIES: readonly (readonly [names: RegExp, rules: ClaudeRules])[] = [
  [/claude-(?:2|instant|3-(?!7))/, { ...OLD, thinking: "none" }],
  [/claude-3-7/, OLD],
  [/claude-(?:opus|sonnet)-4(?:-0|-20\d{6}|@|$)/, OLD],
  [/claude-opus-4-1(?!\d)/, { ...OLD, sampling: "one" }],
  [/claude-(?:opus|sonnet|haiku)-4-5(?!\d)/, { ...OLD, sampling: "one", outputFormat: true }],
  [/claude-(?:opus|sonnet)-4-6(?!\d)/, {
    ...OLD,
    thinking: "either",
    highest: "max",
    sampling: "one",
    outputFormat: true,
  }],
  [/claude-opus-4-7(?!\d)/, { ...NEW, byDefault: false, forcesTools: "unlessThinking" }],
  [/claude-opus-4-8(?!\d)/, { ...NEW, byDefault: false, forcesTools: "always" }],
  [/claude-(?:opus|sonnet)-5(?![-\d])/, { ...NEW, off: "disabled", forcesTools: "always" }],
  [/claude-haiku-5-5(?!\d)/, { ...NEW, off: "disabled", forcesTools: "always" }],
  [/claude-sonnet-5-5(?!\d)/, { ...NEW, off: "between_tools" }],
  [/claude-(?:fable|mythos)-5(?![-\d])/, { ...NEW, forcesTools: "always" }],
  // Opus 5.5, Fable 5.1 and 5.2, and whatever comes after them.
  [/claude-/, NEW],
];

/** The rules of a model; one that is no Claude, behind a server that speaks like Anthropic, has the oldest. */
export function claudeRules(model: string): ClaudeRules {
  return FAMILIES.find(([names]) => names.test(model))?.[1] ?? OLD;
}
