/**
 * Tools of MCP servers (https://modelcontextprotocol.io) for agents: connected clients of the official SDK, which is
 * the user's own, become tools like any other.
 *
 * ```ts
 * import { type McpClient, mcpTools } from "@sik/llms/mcp";
 *
 * async function namesOf(search: McpClient): Promise<readonly string[]> {
 *   await using mcp = await mcpTools({ search });
 *   return mcp.tools.map(({ name }) => name);
 * }
 *
 * console.log(typeof namesOf);
 * ```
 *
 * @module
 */
import { LONGEST_TIMER_MS } from "./deadline.ts";
import { ConfigError, ResponseError } from "./error.ts";
import { readResult } from "./mcp_result.ts";
import { checkEach, checkOptions } from "./option_rules.ts";
import type { JsonSchema } from "./schema.ts";
import { areTexts } from "./shapes.ts";
import { injectContext } from "./telemetry/propagation.ts";
import type { Tool, ToolContext } from "./tool.ts";

/** What is used of a connected client of the official MCP SDK. */
export interface McpClient {
  /** Gives a page of the server's tools. */
  listTools(params?: { cursor?: string }): Promise<{ tools: readonly unknown[]; nextCursor?: string | undefined }>;
  /** Calls a tool. */
  callTool(
    params: { name: string; arguments?: Record<string, unknown>; _meta?: Record<string, unknown> },
    resultSchema?: undefined,
    options?: { signal?: AbortSignal; timeout?: number },
  ): Promise<unknown>;
  /** What the server tells of itself. */
  getInstructions?(): string | undefined;
  /** Ends the connection. */
  close(): Promise<void>;
}

/** The tools of some servers; `await using` closes their clients at the end of the block. */
export interface McpTools extends AsyncDisposable {
  /** For an agent's `tools`. */
  readonly tools: readonly Tool[];
  /** What the servers tell of themselves, each under its name, for an agent's `instructions`; "" where none does. */
  readonly instructions: string;
}

/** How the tools are made. */
export interface McpToolsOptions {
  /**
   * The names of servers, as keyed in `clients`, that get `traceparent` and `tracestate` in `_meta`.
   * @default []
   */
  readonly propagateTo?: readonly string[] | undefined;
}

/**
 * Makes tools of connected MCP clients, and takes the clients over: they are closed at the end of the block, and when
 * this fails.
 *
 * @throws {ConfigError} when tools have one name, or `propagateTo` names none of the servers.
 * @throws {ResponseError} with the reason `protocol` when what a server lists are no tools.
 * @throws whatever a client of the MCP SDK's rejects with.
 *
 * @example
 * ```ts
 * import { mcpTools } from "@sik/llms/mcp";
 *
 * const clock = {
 *   listTools: () => Promise.resolve({ tools: [{ name: "now", inputSchema: { type: "object" } }] }),
 *   callTool: () => Promise.resolve({ content: [{ type: "text", text: "noon" }] }),
 *   close: () => Promise.resolve(),
 * };
 * await using mcp = await mcpTools({ clock });
 * console.log(mcp.tools[0]?.name); // "now"
 * ```
 */
export async function mcpTools(
  clients: Readonly<Record<string, McpClient>>,
  options: McpToolsOptions = {},
): Promise<McpTools> {
  if (typeof clients !== "object" || clients === null) {
    throw new ConfigError("The clients must be an object of connected MCP clients, each under its server's name.");
  }
  let closed = false;
  const close = async () => {
    if (closed) return;
    closed = true;
    await closeAll(Object.values(clients).filter((client) => typeof client?.close === "function"));
  };
  try {
    checkOptions(options);
    checkEach([{ name: "propagateTo", must: "a list of names of servers", fits: areTexts }], options);
    const { propagateTo = [] } = options;
    for (const server of propagateTo) {
      if (!Object.hasOwn(clients, server)) {
        throw new ConfigError(`propagateTo names ${JSON.stringify(server)}, which is none of the servers.`);
      }
    }
    const servers = Object.entries(clients);
    for (const [server, client] of servers) checkClient(server, client);
    const lists = await Promise.all(servers.map(async ([server, client]) => {
      const listed = await listAll(server, client);
      const names = namesFor(server, listed);
      return listed.map((tool, index) => {
        return { server, tool: toolOf(client, tool, names[index] ?? "", propagateTo.includes(server)) };
      });
    }));
    const all = lists.flat();
    checkNames(all);
    const instructions = servers.flatMap(([server, client]) => {
      const said = client.getInstructions?.()?.trim();
      return said ? [`${server}:\n${said}`] : [];
    });
    const tools = all.map(({ tool }) => tool);
    return { tools, instructions: instructions.join("\n\n"), [Symbol.asyncDispose]: close };
  } catch (error) {
    // What went wrong comes first; a client that cannot be closed either changes nothing about it.
    await close().catch(() => {});
    throw error;
  }
}

function checkClient(server: string, client: unknown): void {
  const has = (name: string) => typeof (client as Readonly<Record<string, unknown>> | null)?.[name] === "function";
  if (typeof client === "object" && ["listTools", "callTool", "close"].every(has)) return;
  throw new ConfigError(`The client of ${server} must be a connected client of the MCP SDK.`);
}

/** Closes every client, whether or not others fail; throws what failed. */
async function closeAll(clients: readonly McpClient[]): Promise<void> {
  const outcomes = await Promise.allSettled(clients.map(async (client) => await client.close()));
  const failures = outcomes.flatMap((outcome) => outcome.status === "rejected" ? [outcome.reason] : []);
  if (failures.length === 1) throw failures[0];
  if (failures.length > 1) throw new AggregateError(failures, `${failures.length} MCP clients could not be closed.`);
}

/** A tool as a server lists it; only its name is sure (https://modelcontextprotocol.io/specification/2025-11-25/server/tools#tool). */
interface ListedTool {
  readonly name: string;
  readonly title?: unknown;
  readonly description?: unknown;
  readonly inputSchema?: unknown;
  readonly execution?: { readonly taskSupport?: unknown } | null | undefined;
}

/** JSON-RPC's "method not found": a server without tools. */
const METHOD_NOT_FOUND = -32601;
/** A server that has more pages has no end. */
const MOST_PAGES = 1_000;

/** All pages of a server's tools. */
async function listAll(server: string, client: McpClient): Promise<readonly ListedTool[]> {
  const tools: ListedTool[] = [];
  const seen = new Set<string>();
  let cursor: string | undefined;
  while (true) {
    const page = await client.listTools(cursor === undefined ? undefined : { cursor }).catch((error) => {
      if ((error as { readonly code?: unknown } | null)?.code !== METHOD_NOT_FOUND) throw error;
      return { tools: [], nextCursor: undefined };
    });
    for (const tool of checkedPage(server, page)) tools.push(tool);
    cursor = page.nextCursor || undefined; // Some servers end with "".
    if (cursor === undefined) break;
    if (seen.has(cursor)) throw unusable(`The MCP server ${server} gives the same page of its tools again and again.`);
    if (seen.add(cursor).size >= MOST_PAGES) {
      throw unusable(`The MCP server ${server} has more than ${MOST_PAGES} pages of tools.`);
    }
  }
  // One that only runs as a task refuses every plain call.
  return tools.filter(({ execution }) => execution?.taskSupport !== "required");
}

/** What a server gave is no list of tools. */
function unusable(message: string): ResponseError {
  return new ResponseError(message, { reason: "protocol" });
}

/** A page as servers may give it. */
function checkedPage(server: string, page: unknown): readonly ListedTool[] {
  const tools = (page as { readonly tools?: unknown } | null)?.tools;
  if (!Array.isArray(tools)) throw unusable(`The MCP server ${server} gave no list of its tools.`);
  const name = (tool: unknown) => (tool as { readonly name?: unknown } | null)?.name;
  if (tools.some((tool) => typeof name(tool) !== "string" || name(tool) === "")) {
    throw unusable(`The MCP server ${server} lists a tool without a name.`);
  }
  return tools;
}

/**
 * Names that vendors take, for each tool one of its own: MCP's may hold dots and slashes, and be longer. A name that is
 * taken as it is stays; those that become the same are numbered as they are listed.
 *
 * @throws {ConfigError} for two tools that the server itself cannot tell apart.
 */
function namesFor(server: string, listed: readonly ListedTool[]): readonly string[] {
  const given = listed.map(({ name }) => name);
  const known = new Set<string>();
  for (const name of given) {
    if (known.has(name)) throw new ConfigError(`The MCP server ${server} lists two tools named ${name}.`);
    known.add(name);
  }
  const taken = new Set(given.filter((name) => LEGAL_NAME.test(name)));
  return given.map((name) => {
    if (LEGAL_NAME.test(name)) return name;
    const base = name.replaceAll(/[^\w-]/g, "_");
    for (let number = 1;; number++) {
      const end = number === 1 ? "" : `_${number}`;
      const own = base.slice(0, 64 - end.length) + end;
      if (taken.has(own)) continue;
      taken.add(own);
      return own;
    }
  });
}

const LEGAL_NAME = /^[\w-]{1,64}$/;

function toolOf(client: McpClient, listed: ListedTool, ownName: string, propagate: boolean): Tool {
  const { name, title, description, inputSchema } = listed;
  const [about = name] = [description, title].filter((text) => typeof text === "string");
  return {
    name: ownName,
    description: about,
    parameters: typeof inputSchema === "object" && inputSchema !== null
      ? inputSchema as JsonSchema
      : { type: "object" },
    async execute(args: Record<string, unknown>, { signal, context }: ToolContext) {
      const headers: Record<string, string> = {};
      if (propagate) injectContext(headers, context);
      const meta = Object.keys(headers).length === 0 ? {} : { _meta: headers };
      // The signal carries the tool's own time; the SDK's, a minute unless given, must not be shorter.
      const how = { signal, timeout: LONGEST_TIMER_MS };
      return readResult(await client.callTool({ name, arguments: args, ...meta }, undefined, how));
    },
  };
}

function checkNames(tools: readonly { readonly server: string; readonly tool: Tool }[]): void {
  const owners = new Map<string, string>();
  for (const { server, tool: { name } } of tools) {
    const owner = owners.get(name);
    if (owner !== undefined) {
      throw new ConfigError(
        `The MCP servers ${owner} and ${server} both have a tool named ${name}; open them by themselves, and rename ` +
          'one: { ...tool, name: "…" }.',
      );
    }
    owners.set(name, server);
  }
}
