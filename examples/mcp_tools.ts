/**
 * Tools of MCP servers: the servers of an `mcpServers` file, as other programs have it, become an agent's tools.
 *
 *     deno run -A examples/mcp_tools.ts
 *     deno run -A examples/mcp_tools.ts my_servers.json
 *
 * @module
 */
import "./support/offline.ts"; // Where there is no key, a script on this machine answers.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { getDefaultEnvironment, StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { createReasoningAgent } from "@sik/llms";
import { type McpClient, mcpTools } from "@sik/llms/mcp";

/** A program that is started, or an address. */
type Server =
  | { command: string; args?: string[]; env?: Record<string, string> }
  | { url: string; headers?: Record<string, string> };

async function connect(server: Server): Promise<McpClient> {
  const client = new Client({ name: "sik-llms-example", version: "0.1.0" });
  const transport = "url" in server
    ? new StreamableHTTPClientTransport(new URL(server.url), { requestInit: { headers: server.headers ?? {} } })
    : new StdioClientTransport({
      ...server,
      command: server.command === "deno" ? Deno.execPath() : server.command, // The one that runs this.
      env: { ...getDefaultEnvironment(), ...denoEnvironment(), ...server.env }, // None of your keys among it.
    });
  await client.connect(transport as Transport); // The SDK's types disagree a little under exactOptionalPropertyTypes.
  return client;
}

/** What tells a Deno where its packages are. */
function denoEnvironment(): Record<string, string> {
  const names = ["DENO_DIR", "NPM_CONFIG_REGISTRY"];
  return Object.fromEntries(names.flatMap((name) => Deno.env.has(name) ? [[name, Deno.env.get(name) ?? ""]] : []));
}

const file = Deno.args[0] ?? new URL("./mcp_servers.json", import.meta.url);
const { mcpServers } = JSON.parse(await Deno.readTextFile(file)) as { mcpServers: Record<string, Server> };
const clients: Record<string, McpClient> = {};
for (const [name, server] of Object.entries(mcpServers)) clients[name] = await connect(server);

// At the end of the program every client is closed, and with it every server that was started here. A server named in
// propagateTo is told the trace that its work belongs to.
await using mcp = await mcpTools(clients, { propagateTo: [] });
console.log(`${mcp.tools.length} tools, among them ${mcp.tools.slice(0, 3).map(({ name }) => name).join(", ")}`);

const agent = createReasoningAgent("gpt-4o-mini", { tools: mcp.tools, instructions: mcp.instructions });
for await (const event of agent.stream("What is 2 plus 40? Have it computed.")) {
  if (event.type === "tool_result") console.log(`${event.name}: ${event.result}`);
  if (event.type === "finish") console.log(event.result.response);
}
