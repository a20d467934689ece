/**
 * A connected MCP client of a server that is not there.
 *
 * @module
 */
import type { McpClient } from "../../src/mcp.ts";
import type { Tool, ToolContext } from "../../src/tool.ts";

/** What a tool was called with. */
export type Call = Parameters<McpClient["callTool"]>;

/** The client, and what became of it. */
export interface FakeServer extends McpClient {
  readonly calls: Call[];
  readonly closings: number;
}

/** What the server has. */
export interface FakeOptions {
  /** Names of tools, or tools as the server lists them; pages of them where they are lists. */
  readonly pages?: readonly (readonly (string | object)[])[];
  readonly result?: unknown;
  readonly execute?: (...args: Call) => unknown;
  readonly instructions?: string;
  readonly closeFails?: Error;
}

/** What every tool takes. */
export const inputSchema = { type: "object", properties: { to: { type: "string" } }, required: ["to"] };

/** Makes one; a tool of a mere name takes {@linkcode inputSchema}. */
export function fake(
  { pages = [["search"]], result = {}, execute, instructions, closeFails }: FakeOptions = {},
): FakeServer {
  const calls: Call[] = [];
  let closings = 0;
  return {
    calls,
    get closings() {
      return closings;
    },
    listTools(params) {
      const page = Number(params?.cursor ?? 0);
      const tools = (pages[page] ?? []).map((tool) => {
        return typeof tool === "string" ? { name: tool, description: `Does ${tool}.`, inputSchema } : tool;
      });
      return Promise.resolve(page + 1 < pages.length ? { tools, nextCursor: String(page + 1) } : { tools });
    },
    async callTool(...args) {
      calls.push(args);
      return execute === undefined ? result : await execute(...args);
    },
    ...instructions === undefined ? {} : { getInstructions: () => instructions },
    close() {
      closings++;
      return closeFails === undefined ? Promise.resolve() : Promise.reject(closeFails);
    },
  };
}

/** What an agent hands to a tool. */
export function context(more: Partial<ToolContext> = {}): ToolContext {
  return { callId: "call_1", signal: new AbortController().signal, ...more };
}

/** Calls a tool as an agent does. */
export function execute(tool: Tool | undefined, args: object = {}, how: ToolContext = context()): Promise<unknown> {
  return (tool?.execute as (args: object, context: ToolContext) => Promise<unknown>)(args, how);
}
