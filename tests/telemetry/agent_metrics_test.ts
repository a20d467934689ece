import { assert, assertEquals, assertRejects } from "@std/assert";
import { type AgentOptions, ApiError, type Client } from "../../mod.ts";
import { prometheusName } from "../../examples/support/prometheus_name.ts";
import { abortWhen, endless, finder, flights } from "../support/agent_scene.ts";
import { agentFor, chatAgent as wire, says, turnTokens, type WireTurn } from "../support/agent_wires.ts";
import { type FlatPoint, type MemoryTelemetry, memoryTelemetry, pointNamed, spanNamed } from "../support/telemetry.ts";
import { type Handler, refusal, startVendor } from "../support/vendor_server.ts";

const callFlights = { id: "call_1", name: "flights", arguments: { to: "Lisbon" } };
const callHotels = { id: "call_2", name: "hotels", arguments: {} };
const asksOne: WireTurn = { toolCalls: [callFlights] };
const asksTwo: WireTurn = { toolCalls: [callFlights, callHotels] };
const answers: WireTurn = { text: "Fly at nine." };
const tools = [flights, finder("hotels", () => "A bed.")];

/** One run against a vendor of its own. */
async function play(
  vendor: readonly [Handler, ...Handler[]],
  options: AgentOptions = {},
  how: (agent: Client) => Promise<unknown> = (agent) => agent.run("Plan a trip."),
): Promise<void> {
  await using server = startVendor(...vendor);
  await how(agentFor(wire, server, { tools, ...options }));
}

async function failingRun(agent: Client): Promise<void> {
  await assertRejects(() => agent.run("Plan a trip."), ApiError);
}

/** Four runs: one that finishes, one that is cut short, one that fails, one that is aborted in a tool. */
async function fourRuns(): Promise<void> {
  const waiting = endless();
  await play([says(wire, asksTwo), says(wire, answers)]);
  await play([says(wire, asksOne), says(wire, answers)], { maxIterations: 1 });
  await play([says(wire, asksOne), refusal(400)], {}, failingRun);
  await play([says(wire, asksOne)], { tools: waiting.tools() }, (agent) => abortWhen(agent, waiting.begun));
}

/** The increase of every series between two scrapes, under its name and labels in Prometheus. */
async function increases(telemetry: MemoryTelemetry, between: () => Promise<void>) {
  const series = (points: readonly FlatPoint[]) =>
    new Map(points.flatMap(({ name, unit, labels, value, count }): [string, number][] => {
      const kind = value === undefined ? "histogram" : "sum";
      const translated = prometheusName({ name, unit, kind, monotonic: kind === "sum" });
      const sorted = Object.entries(labels).map(([label, text]) => `${label.replaceAll(".", "_")}=${text}`).sort();
      return [[
        `${translated}${kind === "histogram" ? "_count" : ""}{${sorted.join(",")}}`,
        value ?? count ?? 0,
      ]];
    }));
  const before = series(await telemetry.points());
  await between();
  return new Map([...series(await telemetry.points())].map(([name, value]) => [name, value - (before.get(name) ?? 0)]));
}

/** `rate(a[5m]) / rate(b[5m])` as Prometheus does it: each series of `a` by the one of `b` with the same labels. */
function ratio(query: string, increased: ReadonlyMap<string, number>): readonly number[] {
  const [, above, below] = /^rate\((\w+)\[5m\]\) \/ rate\((\w+)\[5m\]\)$/.exec(query) ?? [];
  return [...increased].flatMap(([series, value]) => {
    const [name, labels] = [series.slice(0, series.indexOf("{")), series.slice(series.indexOf("{"))];
    const divisor = increased.get(below + labels);
    return name === above && divisor !== undefined ? [value / divisor] : [];
  });
}

Deno.test("the guide's PromQL about reasoning gives the numbers of the runs", async () => {
  await using telemetry = await memoryTelemetry();
  // Prometheus sees an increase from the second scrape of a series on.
  await play([says(wire, asksOne), says(wire, answers)]);
  const increased = await increases(telemetry, fourRuns);
  const query = (above: string) => ratio(`rate(${above}[5m]) / rate(llm_reasoning_requests_total[5m])`, increased);
  assertEquals(query("llm_reasoning_iterations_total"), [7 / 4]);
  assertEquals(query("llm_reasoning_tool_calls_total"), [5 / 4]);
  assertEquals(query("llm_reasoning_success_total"), [1 / 4]);
  assertEquals(query("llm_reasoning_iterations_per_request_count"), [1]);
  assertEquals(ratio("rate(llm_requests_failed_total[5m]) / rate(llm_requests_total[5m])", increased), [1 / 7]);
});

Deno.test("runs are counted under effort, model and provider, and their turns spread over buckets that fit them", async () => {
  await using telemetry = await memoryTelemetry();
  await fourRuns();
  const points = await telemetry.points();
  const own = points.filter(({ name }) => name.startsWith("llm_reasoning_") && name !== "llm_reasoning_tokens_total");
  const labels = { "reasoning.effort": "medium", "llm.model": wire.model, "llm.provider": wire.provider.name };
  assertEquals(own.map(({ name, unit, value, labels }) => [name, unit, value, labels]), [
    ["llm_reasoning_requests_total", "{request}", 4, labels],
    ["llm_reasoning_success_total", "{request}", 1, labels],
    ["llm_reasoning_iterations_total", "{iteration}", 7, labels],
    ["llm_reasoning_tool_calls_total", "{call}", 5, labels],
    ["llm_reasoning_iterations_per_request", "{iteration}", undefined, labels],
  ]);
  const spread = pointNamed(points, "llm_reasoning_iterations_per_request");
  assertEquals([spread.count, spread.sum, spread.bounds], [4, 7, [1, 2, 3, 4, 5, 7, 10, 15, 20, 50]]);
});

Deno.test("runs stand under the effort that was asked for, else under the default, medium", async () => {
  await using telemetry = await memoryTelemetry();
  await using server = startVendor(says(wire, answers));
  const agents = [["gpt-4o-mini", {}], ["gpt-4o-mini", { reasoningEffort: "high" }], ["gpt-5", {}]] as const;
  for (const [model, options] of agents) {
    await agentFor({ ...wire, model }, server, { tools: [flights], ...options }).run("Plan a trip.");
  }
  const labels = (await telemetry.points("llm_reasoning_requests_total")).map(({ labels }) => labels);
  const expected = [["gpt-4o-mini", "medium"], ["gpt-4o-mini", "high"], ["gpt-5", "medium"]];
  assertEquals(labels.map((each) => [each["llm.model"], each["reasoning.effort"]]), expected);
  const spans = (await telemetry.spans()).filter(({ name }) => name === "llm.reasoning_agent.stream");
  const told = spans.map(({ attributes }) => [attributes["llm.model"], attributes["llm.reasoning.effort"]]);
  assertEquals(told, expected);
});

Deno.test("a success rate is 0, not empty, before the first success", async () => {
  await using telemetry = await memoryTelemetry();
  await play([refusal(400)], {}, failingRun);
  assertEquals((await telemetry.points("llm_reasoning_success_total")).map(({ value }) => value), [0]);
});

Deno.test("every tool is timed under its name, one that the model made up under none of its own", async () => {
  await using telemetry = await memoryTelemetry();
  const invented = { ...callHotels, name: "trains" };
  await play([says(wire, { toolCalls: [callFlights, invented] }), says(wire, asksOne), says(wire, answers)]);
  const points = await telemetry.points("llm_tool_duration_seconds");
  assertEquals(points.map(({ labels, count, unit }) => [labels, count, unit]), [
    [{ "tool.name": "unknown" }, 1, "s"],
    [{ "tool.name": "flights" }, 2, "s"],
  ]);
  assertEquals(points[0]?.bounds?.[0], 0.01);
});

Deno.test("in vocabulary gen_ai runs and tools are told in the conventions' metrics", async () => {
  await using telemetry = await memoryTelemetry({ vocabulary: "gen_ai" });
  const boom = [finder("flights", () => Promise.reject(new RangeError("no")))];
  await play([says(wire, asksOne), says(wire, answers)], { tools: boom });
  const points = (await telemetry.points()).filter(({ name }) =>
    /agent|tool|reasoning_(?:requests|success)/.test(name)
  );
  const labels = { "gen_ai.agent.name": "trip_planner", "gen_ai.request.model": wire.model };
  const own = { "reasoning.effort": "medium", "llm.model": wire.model, "llm.provider": wire.provider.name };
  const tool = { "gen_ai.tool.name": "flights", "gen_ai.tool.type": "function", "error.type": "RangeError" };
  assertEquals(
    points.map(({ name, unit, labels, sum, value }) => [name, unit, labels, unit === "s" || (value ?? sum)]),
    [
      ["gen_ai.execute_tool.duration", "s", tool, true],
      ["gen_ai.invoke_agent.duration", "s", labels, true],
      ["gen_ai.invoke_agent.inference_calls", "{inference_call}", labels, 2],
      ["gen_ai.invoke_agent.tool_calls", "{tool_call}", labels, 1],
      ["llm_reasoning_requests_total", "{request}", own, 1],
      ["llm_reasoning_success_total", "{request}", own, 1],
    ],
  );
  const bounds = (name: string) => points.find((point) => point.name === name)?.bounds;
  assertEquals(bounds("gen_ai.invoke_agent.tool_calls"), [1, 2, 4, 8, 16, 32, 64, 128]);
  assertEquals([bounds("gen_ai.invoke_agent.duration")?.[0], bounds("gen_ai.invoke_agent.duration")?.at(-1)], [
    0.1,
    409.6,
  ]);
});

Deno.test("a client's metricAttributes stand on the agent's metrics, too", async () => {
  await using telemetry = await memoryTelemetry();
  const metricAttributes = {
    team: "travel",
    get broken(): string {
      throw new Error("not yours");
    },
  };
  await play([says(wire, asksOne), says(wire, answers)], { telemetry: { metricAttributes } });
  const points = await telemetry.points();
  assertEquals(points.filter(({ labels }) => labels["team"] !== "travel").map(({ name }) => name), []);
  for (const name of ["llm_reasoning_requests_total", "llm_tool_duration_seconds"]) pointNamed(points, name);
});

for (const vocabulary of ["both", "llm", "gen_ai"] as const) {
  Deno.test(`in vocabulary ${vocabulary} every token and every dollar stands once, over all spans and all metrics`, async () => {
    await using telemetry = await memoryTelemetry({ vocabulary });
    await fourRuns();
    const paid = 2 + 2 + 1 + 1; // Turns that were answered; the refused one used nothing.
    const spans = await telemetry.spans();
    const overSpans = (attribute: string) =>
      spans.reduce((sum, { attributes }) => sum + Number(attributes[attribute] ?? 0), 0);
    const points = await telemetry.points();
    const overPoints = (name: string, type?: string) =>
      points.filter((point) =>
        point.name === name && (type === undefined || point.labels["gen_ai.token.type"] === type)
      )
        .reduce((sum, point) => sum + (point.value ?? point.sum ?? 0), 0);

    const allInput = turnTokens.input + turnTokens.cacheRead + turnTokens.cacheWrite;
    const own = vocabulary !== "gen_ai";
    const genAi = vocabulary !== "llm";
    const once = (is: boolean, each: number) => is ? each * paid : 0;
    assertEquals({
      total: overSpans("llm.tokens.total"),
      cost: overSpans("llm.cost.total"),
      genAiInput: overSpans("gen_ai.usage.input_tokens"),
      genAiOutput: overSpans("gen_ai.usage.output_tokens"),
    }, {
      total: once(own, turnTokens.total),
      cost: once(own, 280),
      genAiInput: once(genAi, allInput),
      genAiOutput: once(genAi, turnTokens.output),
    });
    assertEquals({
      input: overPoints("llm_tokens_input_total"),
      output: overPoints("llm_tokens_output_total"),
      cacheRead: overPoints("llm_cache_read_tokens_total"),
      cost: overPoints("llm_cost_total_usd"),
      requests: overPoints("llm_requests_total"),
      client: [
        overPoints("gen_ai.client.token.usage", "input"),
        overPoints("gen_ai.client.token.usage", "output"),
      ],
      inference: [
        overPoints("gen_ai.client.inference.usage.input_tokens"),
        overPoints("gen_ai.client.inference.usage.output_tokens"),
      ],
    }, {
      input: once(own, turnTokens.input),
      output: once(own, turnTokens.output),
      cacheRead: once(own, turnTokens.cacheRead),
      cost: 280 * paid,
      requests: 7,
      client: [once(vocabulary === "both", allInput), once(vocabulary === "both", turnTokens.output)],
      inference: [once(!own, allInput), once(!own, turnTokens.output)],
    });
    // The agent's sums have names of their own, so that nobody adds them to their parts.
    assertEquals(overSpans("llm.aggregated.tokens.total"), once(own, turnTokens.total));
    assertEquals(overSpans("llm.aggregated.cost.total"), once(own, 280));
  });
}

Deno.test("an answer that was paid for and did not fit counts in the agent's sums, as it does in the request's", async () => {
  await using telemetry = await memoryTelemetry();
  const schema = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
  await play([says(wire, asksOne), says(wire, { text: '{"city": 7}' })], {}, async (agent) => {
    const error = await assertRejects(() => agent.run("Plan a trip.", { schema }), Error, "does not fit");
    assert("usage" in error);
    assertEquals((error.usage as { totalTokens: number }).totalTokens, 2 * turnTokens.total);
  });
  const { attributes } = spanNamed(await telemetry.spans(), "llm.reasoning_agent.stream");
  assertEquals(attributes["llm.aggregated.tokens.total"], 2 * turnTokens.total);
  assertEquals(attributes["llm.aggregated.cost.total"], 2 * 280);
});
