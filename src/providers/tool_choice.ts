/**
 * The vendor's own search, and the choice among a request's tools, which every dialect checks where it has the tools: an
 * agent brings its own.
 *
 * @module
 */
import { ConfigError } from "../error.ts";
import type { ChatRequest } from "../language_model.ts";

/** How the vendor's own search is asked for; undefined where it is not. */
export function searchOf({ webSearch }: ChatRequest): { readonly maxUses?: number } | undefined {
  return typeof webSearch === "object" ? webSearch : webSearch === true ? {} : undefined;
}

/**
 * Checks that what must be called is there.
 *
 * @throws {ConfigError} for a tool that is not among the request's, and where there are none.
 */
export function checkToolChoice(request: ChatRequest): void {
  const { tools = [], toolChoice, extraBody } = request;
  if (toolChoice === undefined || toolChoice === "auto" || toolChoice === "none") return;
  if (extraBody?.["tools"] !== undefined) return; // The vendor's own, which are not known here.
  const searches = searchOf(request) !== undefined;
  if (tools.length === 0 && !searches) throw new ConfigError("toolChoice asks for a tool, and the request has none.");
  if (toolChoice === "required" || searches && toolChoice.name === "web_search") return;
  if (tools.some(({ name }) => name === toolChoice.name)) return;
  throw new ConfigError("toolChoice names a tool that is not among the request's tools.");
}

/** Whether the vendor's own search is what must be called: a tool of the user's that has its name stands before it. */
export function choosesSearch(request: ChatRequest): boolean {
  const { tools = [], toolChoice } = request;
  if (typeof toolChoice !== "object" || toolChoice.name !== "web_search") return false;
  return searchOf(request) !== undefined && !tools.some(({ name }) => name === toolChoice.name);
}
