/**
 * Imported first, it lets an example run without a key: where `ANTHROPIC_API_KEY` is not set, in the environment or in
 * `.env`, a scripted server on this machine answers instead of Anthropic. It changes nothing else.
 *
 * @module
 */
import { anthropicKey } from "./dot_env.ts";
import { type ScriptedClaudeAnswer, startScriptedAnthropic } from "./scripted_anthropic.ts";

const answers: readonly ScriptedClaudeAnswer[] = [
  {
    question: "Three trams leave together, every 6, 8 and 9 minutes. When do they leave together again?",
    thought: "The least common multiple of 6, 8 and 9: 8 is 2³ and 9 is 3², so it is 72.",
    answer: "After 72 minutes.",
  },
  { question: "May I bring my dog?", answer: "Yes, on a lead (rule 12)." },
  { question: "When is breakfast?", answer: "From seven to ten (rule 40)." },
  { question: "What is the capital of France?", answer: "Paris." },
];

if (anthropicKey() === undefined) {
  const server = startScriptedAnthropic(answers);
  server.unref();
  Deno.env.set("ANTHROPIC_API_KEY", "none-needed-here");
  Deno.env.set("ANTHROPIC_BASE_URL", server.baseUrl);
}
