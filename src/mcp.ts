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
import { ConfigError } from "./error.ts";
import { imageMediaType, type ImagePart, type TextPart } from "./message.ts";
import type { JsonSchema } from "./schema.ts";
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
 * @throws {ConfigError} when two servers have tools of one name, or `propagateTo` names none of the servers.
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
  const { propagateTo = [] } = options;
  let closed = false;
  const close = async () => {
    if (closed) return;
    closed = true;
    await closeAll(Object.values(clients));
  };
  try {
    for (const server of propagateTo) {
      if (!Object.hasOwn(clients, server)) {
        throw new ConfigError(`propagateTo names ${JSON.stringify(server)}, which is none of the servers.`);
      }
    }
    const servers = Object.entries(clients);
    const lists = await Promise.all(servers.map(async ([server, client]) => {
      const listed = await listAll(server, client);
      return listed.map((tool) => ({ server, tool: toolOf(client, tool, propagateTo.includes(server)) }));
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

/** Closes every client, whether or not others fail; throws what failed. */
async function closeAll(clients: readonly McpClient[]): Promise<void> {
  const outcomes = await Promise.allSettled(clients.map(async (client) => await client.close()));
  const failures = outcomes.flatMap((outcome) => outcome.status === "rejected" ? [outcome.reason] : []);
  if (failures.length === 1) throw failures[0];
  if (failures.length > 1) throw new AggregateError(failures, `${failures.length} MCP clients could not be closed.`);
}

/** A tool as a server lists it (https://modelcontextprotocol.io/specification/2025-11-25/server/tools#tool). */
interface ListedTool {
  readonly name: string;
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  readonly inputSchema?: JsonSchema | undefined;
  readonly execution?: { readonly taskSupport?: string | undefined } | undefined;
}

/** JSON-RPC's "method not found": a server without tools. */
const METHOD_NOT_FOUND = -32601;

/** All pages of a server's tools. */
async function listAll(server: string, client: McpClient): Promise<readonly ListedTool[]> {
  const tools: unknown[] = [];
  const seen = new Set<string>();
  let cursor: string | undefined;
  do {
    const page = await client.listTools(cursor === undefined ? undefined : { cursor }).catch((error) => {
      if ((error as { readonly code?: unknown } | null)?.code !== METHOD_NOT_FOUND) throw error;
      return { tools: [], nextCursor: undefined };
    });
    tools.push(...page.tools);
    cursor = page.nextCursor;
    if (cursor !== undefined && seen.has(cursor)) {
      throw new Error(`The MCP server ${server} gives the same page of its tools again and again.`);
    }
    seen.add(cursor ?? "");
  } while (cursor !== undefined);
  // One that only runs as a task refuses every plain call.
  return (tools as readonly ListedTool[]).filter(({ execution }) => execution?.taskSupport !== "required");
}

function toolOf(client: McpClient, listed: ListedTool, propagate: boolean): Tool {
  const { name, title, description, inputSchema } = listed;
  return {
    // Names of MCP may hold dots and slashes, and be longer than vendors allow.
    name: name.replaceAll(/[^\w-]/g, "_").slice(0, 64),
    description: description ?? title ?? name,
    parameters: inputSchema ?? { type: "object" },
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
      const who = owner === server
        ? `The MCP server ${server} has two tools`
        : `The MCP servers ${owner} and ${server} both have a tool`;
      throw new ConfigError(`${who} named ${name}; open them by themselves, and rename one: { ...tool, name: "…" }.`);
    }
    owners.set(name, server);
  }
}

/** The tool failed, in the server's words; an agent tells them to its model. */
class McpToolError extends Error {
  static {
    this.prototype.name = "McpToolError";
  }
}

type ResultPart = TextPart | ImagePart;

/** What a model is shown of a result (https://modelcontextprotocol.io/specification/2025-11-25/server/tools#tool-result). */
function readResult(result: unknown): string | readonly ResultPart[] {
  const { content, structuredContent, isError, toolResult } = record(result);
  const parts = (Array.isArray(content) ? content : []).map((block) => partOf(record(block)));
  // What came before 2024-11-05 had this field alone.
  const structured = structuredContent ?? (parts.length === 0 ? toolResult : undefined);
  if (structured !== undefined && !parts.some((part) => saysTheSame(part, structured))) {
    parts.push(textPart(JSON.stringify(structured)));
  }
  const texts = parts.map((part) => part.type === "text" ? part.text : describe(imageMediaType(part), part.data));
  if (isError === true) throw new McpToolError(texts.join("\n") || "The tool failed without saying why.");
  return parts.every(({ type }) => type === "text") ? texts.join("\n") : parts;
}

/** Servers say structured content a second time as text, for clients that do not know it. */
function saysTheSame(part: ResultPart, structured: unknown): boolean {
  if (part.type !== "text") return false;
  try {
    return JSON.stringify(JSON.parse(part.text)) === JSON.stringify(structured);
  } catch {
    return false;
  }
}

type Fields = Readonly<Record<string, unknown>>;

function partOf(block: Fields): ResultPart {
  switch (block["type"]) {
    case "text":
      return textPart(word(block["text"]));
    case "image":
    case "audio":
      return binaryPart(word(block["mimeType"]) || block["type"], block["mimeType"], block["data"]);
    case "resource_link": {
      const { uri, title, name, mimeType, description } = block;
      const what = [word(title) || word(name), word(mimeType), word(description)].filter(Boolean).join(", ");
      return textPart(`[resource at ${word(uri)}${what === "" ? "" : `: ${what}`}]`);
    }
    case "resource": {
      const { uri, mimeType, text, blob } = record(block["resource"]);
      if (typeof text === "string") return textPart(`[resource at ${word(uri)}]\n${text}`);
      return binaryPart(`resource at ${word(uri)}, ${word(mimeType) || "binary"}`, mimeType, blob);
    }
    default:
      return textPart(`[${word(block["type"]) || "something"} that this client does not know]`);
  }
}

/** The images that models see; of anything else they are told what it is. */
const SEEN = /^image\/(?:png|jpeg|gif|webp)$/;

/** An image as it is; else `what`. */
function binaryPart(what: string, mimeType: unknown, base64: unknown): ResultPart {
  const mediaType = word(mimeType).toLowerCase();
  const data = word(base64);
  if (SEEN.test(mediaType) && data !== "") return { type: "image", data, mediaType };
  return textPart(describe(what, data));
}

/** Of binary data its kind and size. */
function describe(what: string | undefined, base64: string | undefined): string {
  return `[${what ?? "image"}, ${Math.floor((base64 ?? "").replace(/=+$/, "").length * 3 / 4)} bytes]`;
}

function textPart(text: string): TextPart {
  return { type: "text", text };
}

function record(value: unknown): Fields {
  return typeof value === "object" && value !== null ? value as Fields : {};
}

function word(value: unknown): string {
  return typeof value === "string" ? value : "";
}
