import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { createTraceState, ROOT_CONTEXT, trace } from "@opentelemetry/api";
import { createReasoningAgent } from "../src/create_reasoning_agent.ts";
import { ConfigError, ResponseError } from "../src/error.ts";
import { mcpTools } from "../src/mcp.ts";
import { fakeClock } from "./support/clock.ts";
import { context, execute, fake, inputSchema } from "./support/fake_mcp.ts";
import { agentOf, call, eventsOf, scriptedModel } from "./support/scripted_model.ts";
import { agentFor, chatAgent as wire, says } from "./support/agent_wires.ts";
import { memoryTelemetry, spanNamed } from "./support/telemetry.ts";
import { startVendor } from "./support/vendor_server.ts";

Deno.test("mcpTools() gives the tools of all servers, all pages of them, in order", async () => {
  await using mcp = await mcpTools({
    maps: fake({ pages: [["route"], ["distance", "place"]] }),
    search: fake({ pages: [["search"]] }),
  });
  assertEquals(mcp.tools.map(({ name }) => name), ["route", "distance", "place", "search"]);
  const [route] = mcp.tools;
  assertEquals([route?.description, route?.parameters], ["Does route.", inputSchema]);
});

Deno.test("a tool that says little of itself is a tool all the same", async () => {
  const pages = [[{ name: "now" }, { name: "here", title: "Where am I?" }]];
  await using mcp = await mcpTools({ server: fake({ pages }) });
  assertEquals(mcp.tools.map(({ description, parameters }) => [description, parameters]), [
    ["now", { type: "object" }],
    ["Where am I?", { type: "object" }],
  ]);
});

Deno.test("a tool whose name vendors would refuse gets one that they take, and is called by its own", async () => {
  const client = fake({ pages: [["maps.v2/route"]] });
  await using mcp = await mcpTools({ server: client });
  assertEquals(mcp.tools[0]?.name, "maps_v2_route");
  await execute(mcp.tools[0], { to: "Lisbon" });
  assertEquals(client.calls[0]?.[0], { name: "maps.v2/route", arguments: { to: "Lisbon" } });
});

Deno.test("a tool that only runs as a task, which a plain call cannot, is left out", async () => {
  const tasks = ["required", "optional", "forbidden"].map((taskSupport) => ({
    name: taskSupport,
    execution: { taskSupport },
  }));
  await using mcp = await mcpTools({ server: fake({ pages: [tasks] }) });
  assertEquals(mcp.tools.map(({ name }) => name), ["optional", "forbidden"]);
});

Deno.test("a server without tools has none", async () => {
  const refused = Object.assign(new Error("Method not found"), { code: -32601 });
  const client = { ...fake({ instructions: "Only prompts." }), listTools: () => Promise.reject(refused) };
  await using mcp = await mcpTools({ server: client });
  assertEquals([mcp.tools, mcp.instructions], [[], "server:\nOnly prompts."]);
});

Deno.test("tools of one name on two servers are a ConfigError that names both, and all clients are closed", async () => {
  const [maps, search] = [fake({ pages: [["find"]] }), fake({ pages: [["look", "find"]] })];
  const error = await assertRejects(() => mcpTools({ maps, search }), ConfigError);
  assertEquals(
    error.message,
    'The MCP servers maps and search both have a tool named find; open them by themselves, and rename one: { ...tool, name: "…" }.',
  );
  assertEquals([maps.closings, search.closings], [1, 1]);
});

Deno.test("tools of one server whose names become one are numbered, and each is called by its own", async () => {
  const long = "x".repeat(70);
  const client = fake({ pages: [["x.y", "x/y"], ["x_y", "x_y_2", `${long}.a`, `${long}.b`]] });
  await using mcp = await mcpTools({ maps: client });
  const names = ["x_y_3", "x_y_4", "x_y", "x_y_2", "x".repeat(64), `${"x".repeat(62)}_2`];
  assertEquals(mcp.tools.map(({ name }) => name), names);
  for (const tool of mcp.tools) await execute(tool);
  const called = ["x.y", "x/y", "x_y", "x_y_2", `${long}.a`, `${long}.b`];
  assertEquals(client.calls.map(([{ name }]) => name), called);
});

Deno.test("tools that nobody could tell apart are a ConfigError", async () => {
  await assertRejects(
    () => mcpTools({ a: fake({ pages: [["x.y"]] }), b: fake({ pages: [["x_y"]] }) }),
    ConfigError,
    "The MCP servers a and b both have a tool named x_y",
  );
  await assertRejects(() => mcpTools({ a: fake({ pages: [["x"], ["x"]] }) }), ConfigError, "a lists two tools named x");
});

const listings: Readonly<Record<string, unknown>> = {
  "gave no list of its tools": {},
  "lists a tool without a name": { tools: [{ name: "" }] },
  "lists a tool without a name.": { tools: [null] },
};

for (const [what, page] of Object.entries(listings)) {
  Deno.test(`a server that answers ${JSON.stringify(page)} is told by its name`, async () => {
    const maps = { ...fake(), listTools: () => Promise.resolve(page as never) };
    await assertRejects(() => mcpTools({ maps }), ResponseError, `The MCP server maps ${what}`);
  });
}

for (const options of [null, { propagateTo: "maps" }, { propagateTo: [7] }, { propagateTo: ["moon"] }]) {
  Deno.test(`options that are ${JSON.stringify(options)} are a ConfigError, and all clients are closed`, async () => {
    const maps = fake();
    await assertRejects(() => mcpTools({ maps }, options as never), ConfigError);
    assertEquals(maps.closings, 1);
  });
}

Deno.test("a tool whose listing has odd fields is a tool all the same", async () => {
  const odd = { name: "now", title: 5, description: null, inputSchema: null, execution: null };
  await using mcp = await mcpTools({ server: fake({ pages: [[odd]] }) });
  assertEquals(mcp.tools.map(({ description, parameters }) => [description, parameters]), [["now", {
    type: "object",
  }]]);
});

Deno.test("a server that cannot list its tools is told as it says it, and all clients are closed", async () => {
  const failure = new Error("gone");
  const [broken, other] = [
    { ...fake(), listTools: () => Promise.reject(failure) },
    fake({ closeFails: new Error("no") }),
  ];
  assertStrictEquals(await assertRejects(() => mcpTools({ broken, other })), failure);
  assertEquals(other.closings, 1);
});

Deno.test("a server whose pages never end is refused", async () => {
  const client = { ...fake(), listTools: () => Promise.resolve({ tools: [], nextCursor: "again" }) };
  await assertRejects(() => mcpTools({ server: client }), Error, "again and again");
});

Deno.test("a server that goes on with ever new pages is refused, and one that ends with an empty cursor has ended", async () => {
  let pages = 0;
  const endless = { ...fake(), listTools: () => Promise.resolve({ tools: [], nextCursor: `page ${++pages}` }) };
  await assertRejects(
    () => mcpTools({ endless }),
    ResponseError,
    "The MCP server endless has more than 1000 pages of tools.",
  );
  assertEquals(pages, 1_000);
  const client = { ...fake(), listTools: () => Promise.resolve({ tools: [{ name: "now" }], nextCursor: "" }) };
  await using mcp = await mcpTools({ client });
  assertEquals(mcp.tools.map(({ name }) => name), ["now"]);
});

Deno.test("instructions stand under the names of their servers", async () => {
  await using mcp = await mcpTools({
    maps: fake({ pages: [], instructions: "Metres, please.\n" }),
    silent: fake({ pages: [] }),
    search: fake({ pages: [], instructions: "Ask in English." }),
  });
  assertEquals(mcp.instructions, "maps:\nMetres, please.\n\nsearch:\nAsk in English.");
});

Deno.test("`await using` closes every client once, also where one cannot be closed", async () => {
  const failure = new Error("stuck");
  const clients = [fake({ pages: [["a"]] }), fake({ pages: [["b"]], closeFails: failure }), fake({ pages: [["c"]] })];
  const mcp = await mcpTools(Object.fromEntries(clients.map((client, index) => [`s${index}`, client])));
  assertStrictEquals(await assertRejects(() => mcp[Symbol.asyncDispose]() as Promise<void>), failure);
  await mcp[Symbol.asyncDispose]();
  assertEquals(clients.map(({ closings }) => closings), [1, 1, 1]);
});

Deno.test("several clients that cannot be closed are told together", async () => {
  const [one, two] = [new Error("one"), new Error("two")];
  const mcp = await mcpTools({
    a: fake({ pages: [], closeFails: one }),
    b: fake({ pages: [], closeFails: two }),
  });
  const error = await assertRejects(() => mcp[Symbol.asyncDispose]() as Promise<void>, AggregateError);
  assertEquals(error.errors, [one, two]);
});

Deno.test("an agent tells its model of a server's error, and goes on", async () => {
  const client = fake({ result: { isError: true, content: [{ type: "text", text: "No such city." }] } });
  await using mcp = await mcpTools({ maps: client });
  const scripted = scriptedModel({ toolCalls: [call("search", { to: "Atlantis" })] }, { text: "There is none." });
  const events = await eventsOf(agentOf(scripted, { tools: mcp.tools }).stream("Where is Atlantis?"));
  const { error, ...result } = events.find((event) => event.type === "tool_result") ?? {};
  assertEquals((error as Error).name, "McpToolError");
  assertEquals(result, {
    type: "tool_result",
    id: "call_search",
    name: "search",
    result: "No such city.",
    isError: true,
  });
});

Deno.test("the agent's signal and its tools' time reach the server", async () => {
  using clock = fakeClock();
  const client = fake({ execute: () => new Promise(() => {}) });
  await using mcp = await mcpTools({ maps: client });
  const scripted = scriptedModel({ toolCalls: [call("search", { to: "Lisbon" })] }, { text: "Too slow." });
  const running = agentOf(scripted, { tools: mcp.tools, toolTimeoutMs: 90_000 }).run("Where is Lisbon?");
  await clock.armed(90_000);
  await clock.tick(0);
  const options = client.calls[0]?.[2];
  assert(options?.signal !== undefined);
  // The SDK's own limit, a minute by default, must not be shorter than the agent's.
  assert((options.timeout ?? 0) > 90_000);
  assertEquals(options.signal.aborted, false);
  await clock.tick(90_000);
  assertEquals((options.signal.reason as Error).name, "TimeoutError");
  assertEquals((await running).response, "Too slow.");
});

Deno.test("an abort of the agent's caller reaches the server", async () => {
  const begun = Promise.withResolvers<void>();
  const client = fake({
    execute() {
      begun.resolve();
      return new Promise(() => {});
    },
  });
  await using mcp = await mcpTools({ maps: client });
  const controller = new AbortController();
  const running = agentOf(scriptedModel({ toolCalls: [call("search", { to: "Lisbon" })] }), { tools: mcp.tools })
    .run("Where is Lisbon?", { signal: controller.signal }).catch((reason) => reason);
  await begun.promise;
  controller.abort("enough");
  assertEquals(await running, "enough");
  assertEquals(client.calls[0]?.[2]?.signal?.reason, "enough");
});

Deno.test("trace context goes to the servers in propagateTo, and to no other", async () => {
  await using telemetry = await memoryTelemetry();
  const [maps, search] = [fake({ pages: [["route"]] }), fake({ pages: [["search"]] })];
  await using mcp = await mcpTools({ maps, search }, { propagateTo: ["maps"] });
  const toolCalls = ["route", "search"].map((name) => ({ id: `call_${name}`, name, arguments: { to: "Lisbon" } }));
  await using server = startVendor(says(wire, { toolCalls }), says(wire, { text: "There." }));
  await agentFor(wire, server, { tools: mcp.tools }).run("Where is Lisbon?");
  const { traceId, id } = spanNamed(await telemetry.spans(), "reasoning.tool.route");
  assertEquals(maps.calls[0]?.[0]._meta, { traceparent: `00-${traceId}-${id}-01` });
  assertEquals("_meta" in (search.calls[0]?.[0] ?? {}), false);
});

Deno.test("trace context is the tool's own context, tracestate with it, and none where there is no span", async () => {
  const client = fake();
  await using mcp = await mcpTools({ maps: client }, { propagateTo: ["maps"] });
  const span = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", traceFlags: 1 };
  const traceState = createTraceState("vendor=1");
  await execute(mcp.tools[0], {}, context({ context: trace.setSpanContext(ROOT_CONTEXT, { ...span, traceState }) }));
  await execute(mcp.tools[0], {}, context({ context: ROOT_CONTEXT }));
  assertEquals(client.calls.map(([{ _meta }]) => _meta), [
    { traceparent: `00-${span.traceId}-${span.spanId}-01`, tracestate: "vendor=1" },
    undefined,
  ]);
});

Deno.test("propagateTo that names no server is a ConfigError, and the clients are closed", async () => {
  const maps = fake();
  await assertRejects(() => mcpTools({ maps }, { propagateTo: ["map"] }), ConfigError, '"map"');
  assertEquals(maps.closings, 1);
});

Deno.test("an agent takes the tools and the servers' instructions", async () => {
  await using mcp = await mcpTools({ maps: fake({ instructions: "Metres, please." }) });
  const options = { apiKey: "test-key", telemetry: false } as const;
  const { tools, instructions } = mcp;
  assertEquals(createReasoningAgent("gpt-4o-mini", { tools, instructions, ...options }).model, "gpt-4o-mini");
});

for (const client of [undefined, null, {}, { listTools() {}, callTool() {} }]) {
  Deno.test(`a client that is ${JSON.stringify(client)} is a ConfigError that names its server`, async () => {
    const maps = fake();
    await assertRejects(() => mcpTools({ maps, broken: client as never }), ConfigError, "The client of broken must be");
    assertEquals(maps.closings, 1);
  });
}
