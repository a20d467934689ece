/**
 * The reference server of MCP behind streamable HTTP on a free port of this machine, as a program of its own. It prints
 * its port, and then every message that it is sent, one JSON a line.
 *
 * @module
 */
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { createServer as everything } from "@modelcontextprotocol/server-everything/dist/server/index.js";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

const sessions = new Map<string, StreamableHTTPServerTransport>();

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = "";
  for await (const chunk of request) text += chunk;
  return text === "" ? undefined : JSON.parse(text);
}

/** The session that a request belongs to; a new one for a request that names none. */
async function sessionOf(request: IncomingMessage): Promise<StreamableHTTPServerTransport> {
  const known = sessions.get(String(request.headers["mcp-session-id"]));
  if (known !== undefined) return known;
  const transport: StreamableHTTPServerTransport = new StreamableHTTPServerTransport({
    sessionIdGenerator: () => crypto.randomUUID(),
    onsessioninitialized: (id: string) => void sessions.set(id, transport),
  });
  await everything().server.connect(transport);
  return transport;
}

const server = createServer(async (request, response) => {
  const body = await bodyOf(request);
  if (body !== undefined) console.log(JSON.stringify(body));
  await (await sessionOf(request)).handleRequest(request, response, body);
});
server.listen(0, "127.0.0.1", () => console.log((server.address() as AddressInfo).port));
