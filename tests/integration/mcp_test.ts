import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { type McpClient, mcpTools } from "../../src/mcp.ts";
import { configFlags } from "../../scripts/configured.ts";
import { agentFor, chatAgent as wire, says } from "../support/agent_wires.ts";
import { context, execute } from "../support/fake_mcp.ts";
import { memoryTelemetry, spanNamed } from "../support/telemetry.ts";
import { startVendor } from "../support/vendor_server.ts";

/** How the reference server is started through npm, as an `mcpServers` file would have it. */
const everything = ["run", "-A", "--no-config", "--no-lock", "npm:@modelcontextprotocol/server-everything@2026.8.31"];

/** A client of the official SDK; that it is taken as it is, is what the type says here. */
async function connected(transport: StdioClientTransport | StreamableHTTPClientTransport): Promise<McpClient> {
  const client = new Client({ name: "sik-llms-tests", version: "0.1.0" });
  await client.connect(transport as Transport); // The SDK's types disagree under exactOptionalPropertyTypes.
  return client;
}

async function overStdio(): Promise<McpClient> {
  const args = [...everything, "stdio"];
  const env = Deno.env.toObject(); // Where this Deno has its packages, the one that is started has them.
  return await connected(new StdioClientTransport({ command: Deno.execPath(), args, env, stderr: "ignore" }));
}

interface Message {
  readonly method?: string;
  readonly params?: { readonly name?: string; readonly _meta?: unknown; readonly reason?: string };
}

/** The reference server behind streamable HTTP, and what it is sent. */
async function httpServer() {
  const script = new URL("./everything_http.ts", import.meta.url);
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", ...await configFlags(), script.href],
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(byLine()).getReader();
  const port = Number((await lines.read()).value);
  return {
    connect: () => connected(new StreamableHTTPClientTransport(new URL(`http://127.0.0.1:${port}/mcp`))),
    /** The next message of a method that the server is sent. */
    async next(method: string): Promise<Message> {
      for (let line = await lines.read(); !line.done; line = await lines.read()) {
        const message: Message = JSON.parse(line.value);
        if (message.method === method) return message;
      }
      throw new Error(`The server was never sent ${method}.`);
    },
    async [Symbol.asyncDispose]() {
      await lines.cancel();
      child.kill();
      await child.status;
    },
  };
}

function byLine(): TransformStream<string, string> {
  let rest = "";
  return new TransformStream({
    transform(text, controller) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) controller.enqueue(line);
    },
  });
}

/** The SDK's stdio transport leaves the timer that limits its own closing: unref'd, two seconds, and not ours. */
const sdkTimer = { sanitizeOps: false, sanitizeResources: false };

Deno.test("over stdio the reference server's tools are an agent's tools", sdkTimer, async () => {
  await using mcp = await mcpTools({ everything: await overStdio() });
  assertStringIncludes(mcp.instructions, "everything:\n");
  const names = mcp.tools.map(({ name }) => name);
  assert(["echo", "get-sum", "get-tiny-image", "get-structured-content"].every((name) => names.includes(name)));

  await using server = startVendor(
    says(wire, {
      toolCalls: [
        { id: "call_1", name: "get-sum", arguments: { a: 2, b: 40 } },
        { id: "call_2", name: "get-sum", arguments: { a: "two" } },
        { id: "call_3", name: "echo", arguments: { message: "Olá" } },
      ],
    }),
    says(wire, { text: "42." }),
  );
  const { tools, instructions } = mcp;
  const { response } = await agentFor(wire, server, { tools, instructions, telemetry: false }).run("2 + 40?");
  assertEquals(response, "42.");
  assertEquals(wire.results(server.requests[1]?.body).map(({ content }) => content), [
    "The sum of 2 and 40 is 42.",
    "The arguments do not fit the tool's parameters at $.a.",
    "Echo: Olá",
  ]);
});

Deno.test("every kind of result of the reference server is what a model can be shown", sdkTimer, async () => {
  await using mcp = await mcpTools({ everything: await overStdio() });
  const call = (name: string, args: object = {}) => execute(mcp.tools.find((tool) => tool.name === name), args);

  const image = await call("get-tiny-image") as readonly { readonly type: string; readonly mediaType?: string }[];
  assertEquals(image.map(({ type, mediaType }) => mediaType ?? type), ["text", "image/png", "text"]);
  assertEquals(
    JSON.parse(String(await call("get-structured-content", { location: "New York" }))),
    { temperature: 33, conditions: "Cloudy", humidity: 82 },
  );
  assertStringIncludes(String(await call("get-resource-links", { count: 2 })), "[resource at demo://resource/");
  const text = await call("get-resource-reference", { resourceType: "Text", resourceId: 1 });
  assertStringIncludes(String(text), "[resource at demo://resource/dynamic/text/1]\n");
  const blob = await call("get-resource-reference", { resourceType: "Blob", resourceId: 1 });
  assertStringIncludes(String(blob), "[resource at demo://resource/dynamic/blob/1, ");
  await assertRejects(
    () => call("get-resource-reference", { resourceType: "Text", resourceId: -1 }),
    Error,
    "resourceId",
  );
});

Deno.test("over streamable HTTP trace context goes along where it was asked for", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = await httpServer();
  await using mcp = await mcpTools({ everything: await server.connect() }, { propagateTo: ["everything"] });
  await using vendor = startVendor(
    says(wire, { toolCalls: [{ id: "call_1", name: "echo", arguments: { message: "Olá" } }] }),
    says(wire, { text: "Done." }),
  );
  await agentFor(wire, vendor, { tools: mcp.tools }).run("Say olá.");
  assertEquals(wire.results(vendor.requests[1]?.body), [{ id: "call_1", content: "Echo: Olá" }]);
  const { traceId, id } = spanNamed(await telemetry.spans(), "reasoning.tool.echo");
  const { params } = await server.next("tools/call");
  assertEquals([params?.name, params?._meta], ["echo", { traceparent: `00-${traceId}-${id}-01` }]);
});

Deno.test("over streamable HTTP the agent's signal and its tools' time end the server's work", async () => {
  await using server = await httpServer();
  await using mcp = await mcpTools({ everything: await server.connect() });
  const slow = mcp.tools.find(({ name }) => name === "trigger-long-running-operation");
  assert(slow !== undefined);

  const controller = new AbortController();
  const running = execute(slow, { duration: 60, steps: 60 }, context({ signal: controller.signal }));
  assertEquals((await server.next("tools/call")).params?._meta, undefined);
  controller.abort(new Error("enough"));
  await assertRejects(() => running);
  await server.next("notifications/cancelled");

  await using vendor = startVendor(
    says(wire, { toolCalls: [{ id: "call_1", name: slow.name, arguments: { duration: 60, steps: 60 } }] }),
    says(wire, { text: "Too slow." }),
  );
  const agent = agentFor(wire, vendor, { tools: [slow], toolTimeoutMs: 100, telemetry: false });
  assertEquals((await agent.run("Be quick.")).response, "Too slow.");
  await server.next("notifications/cancelled");
});

Deno.test("two servers over two transports are closed together", sdkTimer, async () => {
  await using server = await httpServer();
  const stdio = await overStdio();
  const http = await server.connect();
  // Both have the same tools: that is refused, and neither connection is left open.
  await assertRejects(() => mcpTools({ stdio, http }), Error, "The MCP servers stdio and http both have a tool named");
  await assertRejects(() => stdio.listTools());
});
