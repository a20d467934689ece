/**
 * Tools for tests of how an agent runs them.
 *
 * @module
 */
import { runTools, type ToolOutcome, type ToolRunOptions } from "../../src/agent/tools.ts";
import type { ToolCall } from "../../src/message.ts";
import { unobserved } from "../../src/step_observer.ts";
import type { Tool, ToolContext } from "../../src/tool.ts";

/** A tool that takes anything. */
export function tool(name: string, execute: (args: never, context: ToolContext) => unknown): Tool {
  return { name, description: "Does it.", parameters: { type: "object" }, execute };
}

/** A tool that ends when the test says so. */
export interface GatedTool {
  readonly tool: Tool;
  /** Lets it end, with its name as its result. */
  readonly open: () => void;
  readonly begun: Promise<void>;
  /** What it was handed at each call. */
  readonly contexts: readonly ToolContext[];
}

/** Makes one. */
export function gated(name: string): GatedTool {
  const { promise, resolve } = Promise.withResolvers<string>();
  const begun = Promise.withResolvers<void>();
  const contexts: ToolContext[] = [];
  const execute = (_: never, context: ToolContext) => {
    contexts.push(context);
    begun.resolve();
    return promise;
  };
  return { tool: tool(name, execute), open: () => resolve(name), begun: begun.promise, contexts };
}

/** How tools are run; nobody watches and nobody aborts unless it is given. */
export function options(tools: readonly Tool[], more: Partial<ToolRunOptions> = {}): ToolRunOptions {
  const { signal } = new AbortController();
  return { tools, timeoutMs: 60_000, concurrency: 8, signal, observer: unobserved, ...more };
}

/** What a single call comes to. */
export async function outcomeOf(
  tools: Tool | readonly Tool[],
  asked: ToolCall,
  more: Partial<ToolRunOptions> = {},
): Promise<ToolOutcome> {
  const [only] = await Array.fromAsync(runTools([asked], options([tools].flat(), more)));
  if (only === undefined) throw new Error("The call came to nothing.");
  return only.outcome;
}
