import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { money, plainNumber } from "../../examples/support/format.ts";
import { startReceiver } from "../../examples/support/otlp_receiver.ts";
import { startScriptedOpenai } from "../../examples/support/scripted_openai.ts";
import { startScriptedAnthropic } from "../../examples/support/scripted_anthropic.ts";
import { tripQuestion } from "../../examples/support/trip.ts";
import { answers } from "../../examples/support/answers.ts";
import { modelInfo } from "../../mod.ts";
import { configFlags } from "../../scripts/configured.ts";
import { runExample } from "./run_example.ts";

/** What stands between two headings. */
function part(output: string, from: string, to: string): string[] {
  const begin = output.indexOf(`\n ${from}`);
  const end = output.indexOf(`\n ${to}`);
  assert(begin >= 0 && end > begin, `no part from ${from} to ${to} in:\n${output}`);
  return output.slice(begin, end).split("\n").slice(2);
}

/** The lines of the tree below a span of the program's own: how deep each name stands, and what is said of it. */
function treeOf(
  output: string,
  name: "five_calls" | "plan_trip",
): { readonly depth: number; readonly name: string; readonly rest: string }[] {
  const lines = part(output, "The traces", "The metrics");
  const root = lines.findIndex((line) => line.startsWith(` ${name} `));
  return lines.slice(root, lines.indexOf("", root)).map((line) => {
    const [, branch = "", name = "", rest = ""] = /^ ([│├└─ ]*)(\S+) ?(.*?)\s*━*$/.exec(line) ?? [];
    return { depth: branch.length / 3, name, rest };
  });
}

/** The tokens and the cost that a line of the tree tells. */
function sumsOf(rest = ""): { readonly input: number; readonly output: number; readonly cost: string | undefined } {
  const [, input, output] = /(\d+) (?:tokens )?in, (\d+) out/.exec(rest) ?? [];
  return { input: Number(input), output: Number(output), cost: /\$[\d.]+/.exec(rest)?.[0] };
}

/** What the catalogue says that these tokens cost. */
function priceOf(input: number, output: number): number {
  const price = modelInfo("gpt-4o-mini")?.price;
  assert(price !== undefined);
  return (input * price.input + output * price.output) / 1e6;
}

/** The metrics table's value of a name. */
function metricOf(output: string, name: string): string | undefined {
  const metrics = part(output, "The metrics", "Next").join("\n");
  return new RegExp(`^ +${name} +(\\S+)`, "m").exec(metrics)?.[1];
}

const request = [[1, "llm.request"], [2, "llm.openai.stream"], [3, "http.request"]] as const;

Deno.test("the demo shows calls, tree, cost and metrics of what its receiver got, through a pipe", async () => {
  const { code, stdout, stderr } = await runExample("demo");
  assertEquals([code, stderr], [0, ""]);
  assert(!stdout.includes("\x1b"), "a pipe gets no colours");

  const calls = part(stdout, "The calls", "The agent").join("\n");
  assertStringIncludes(calls, "The capital of Portugal is Lisbon.");
  assertStringIncludes(calls, 'A man says "obrigado", a woman says "obrigada".');
  assertMatch(calls, /✗ BadRequestError 400: Invalid 'temperature'/);
  assertMatch(calls, /◌ broken off/);

  const tree = treeOf(stdout, "five_calls");
  assertEquals(tree.map(({ depth, name }) => [depth, name]), [
    [0, "five_calls"],
    ...request,
    ...request,
    ...request,
    [3, "http.request"],
    ...request,
    ...request,
  ]);
  const requests = tree.filter(({ name }) => name === "llm.request").map(({ rest }) => rest);
  const attempts = tree.filter(({ name }) => name === "http.request").map(({ rest }) => rest);
  assertMatch(requests[0] ?? "", /^\d+ms \$0\.0\d+ · capital · \d+ in, \d+ out$/);
  assertMatch(requests[2] ?? "", /^\d+ms \$0\.0\d+ ↻ 1 retry · phrase · /);
  assertMatch(requests[3] ?? "", /^\d+ms ✗ 400 · weather$/);
  assertMatch(requests[4] ?? "", /^\d+ms ◌ cancelled · history$/);
  assertEquals(attempts.map((rest) => rest.slice(0, 3)), ["200", "200", "429", "200", "400", "200"]);
  assertMatch(attempts[2] ?? "", /^429 \d+ms ✗ · asks to wait 350ms$/);
  assertMatch(attempts[3] ?? "", /^200 \d+ms · attempt 2$/);

  const tokens = requests.map((rest) => /(\d+) in, (\d+) out/.exec(rest)).filter((match) => match !== null)
    .map(([, input, output]) => [Number(input), Number(output)] as const);
  assertEquals(tokens.length, 3);
  const costs = tokens.map(([input, output]) => priceOf(input, output));
  const shown = requests.map((rest) => /\$[\d.]+/.exec(rest)?.[0]).filter((cost) => cost !== undefined);
  assertEquals(shown, costs.map(money));
  const total = costs.reduce((sum, cost) => sum + cost, 0);
  const [input, output] = [0, 1].map((index) => tokens.reduce((sum, pair) => sum + (pair[index] ?? 0), 0));
  assertMatch(tree[0]?.rest ?? "", /^\d\.\d\ds Σ \$/);
  assertStringIncludes(tree[0]?.rest ?? "", `Σ ${money(total)} · ${input} tokens in, ${output} out · 5 calls`);

  const metrics = part(stdout, "The metrics", "Next").join("\n");
  const valueOf = (name: string) => metricOf(stdout, name);
  const trip = sumsOf(treeOf(stdout, "plan_trip")[0]?.rest);
  assertEquals(valueOf("llm_requests_total"), "8");
  assertEquals(valueOf("llm_requests_failed_total"), "1");
  assertEquals(valueOf("llm_retries_total"), "2");
  assertEquals(valueOf("llm_unpriced_requests_total"), "0");
  assertEquals(valueOf("llm_tokens_input_total"), String((input ?? 0) + trip.input));
  assertEquals(valueOf("llm_tokens_output_total"), String((output ?? 0) + trip.output));
  assertEquals(valueOf("llm_cost_usd_total"), plainNumber(total + priceOf(trip.input, trip.output)));
  assertEquals(valueOf("llm_request_duration_seconds"), "8×");
  assertEquals(valueOf("llm_time_to_first_token_seconds"), "7×");
  assertStringIncludes(metrics, 'llm_*  llm_model="gpt-4o-mini" llm_provider="openai"');
  assertMatch(metrics, /gen_ai_client_token_usage .*\n +gen_ai_token_type="input" +6×/);
  assertMatch(metrics, /gen_ai_client_operation_duration_seconds\n/);

  assertStringIncludes(
    stdout.replaceAll(/\s+/g, " "),
    " 8 calls · 1 failed: weather (400) · 2 retried: phrase (after 429), iteration_2 (after 429) · " +
      "1 cancelled: history ",
  );
});

Deno.test("the demo's agent plans a trip in turns, and its tree says what each cost, and what all did", async () => {
  const { code, stdout, stderr } = await runExample("demo", { env: { COLUMNS: "140" } });
  assertEquals([code, stderr], [0, ""]);

  const said = part(stdout, "The agent", "The traces").join("\n");
  assertMatch(said, /First the flights.*\n +→ search_flights Berlin .*\n +→ search_flights Lisbon /);
  assertMatch(said, /↻ Retry 1 of \d after HTTP 429/);
  assertMatch(said, /← search_hotels Casa da Graça · Alfama · 190 €/);
  assertMatch(said, /412 € in all\.\n +✓ \d\.\d\ds /);

  const tree = treeOf(stdout, "plan_trip");
  const call = [[3, "llm.request"], [4, "llm.openai.stream"], [5, "http.request"]] as const;
  assertEquals(tree.map(({ depth, name }) => [depth, name]), [
    [0, "plan_trip"],
    [1, "llm.reasoning_agent.stream"],
    [2, "reasoning.thinking.iteration_1"],
    ...call,
    [2, "reasoning.tool.search_flights"],
    [2, "reasoning.tool.search_flights"],
    [2, "reasoning.thinking.iteration_2"],
    ...call,
    [5, "http.request"],
    [2, "reasoning.tool.search_hotels"],
    [2, "reasoning.tool.search_hotels"],
    [2, "reasoning.final_answer"],
    ...call,
  ]);

  // Every request's cost is that of its tokens, every turn's that of its request, and the run's that of all turns.
  const requests = tree.filter(({ name }) => name === "llm.request").map(({ rest }) => sumsOf(rest));
  const turns = tree.filter(({ name }) => /iteration|final/.test(name)).map(({ rest }) => sumsOf(rest));
  assertEquals(turns, requests);
  for (const { input, output, cost } of requests) assertEquals(cost, money(priceOf(input, output)));
  const [input, output] = (["input", "output"] as const).map((of) => requests.reduce((sum, each) => sum + each[of], 0));
  const all = { input, output, cost: money(priceOf(input ?? 0, output ?? 0)) };
  assertEquals([sumsOf(tree[0]?.rest), sumsOf(tree[1]?.rest)], [all, all]);
  assertMatch(tree[1]?.rest ?? "", / · 3 turns · 4 tools$/);
  assertMatch(tree.filter(({ name }) => name === "llm.request")[1]?.rest ?? "", /↻ 1 retry/);

  // The bars of tools that ran in parallel overlap.
  const bars = part(stdout, "The traces", "The metrics").filter((line) => line.includes("reasoning.tool."))
    .map((line) => [line.indexOf("━"), line.lastIndexOf("━")] as const);
  const [out = [0, 0], back = [0, 0]] = bars;
  assert(back[0] < out[1] && back[1] > out[1], bars.join(" "));

  assertMatch(
    stdout,
    /\n plan_trip · slowest: (?:search_flights|final_answer) (?:\d+ms|\d\.\d\ds) \(\d+ %\) · dearest: final_answer \$0\.0\d+ \(\d+ %\)\n/,
  );
  const names = ["requests_total", "success_total", "iterations_total", "tool_calls_total", "iterations_per_request"];
  assertEquals(names.map((name) => metricOf(stdout, `llm_reasoning_${name}`)), ["1", "1", "3", "4", "1×"]);
  assertMatch(stdout, /llm_reasoning_\* +reasoning_effort="low" llm_model="gpt-4o-mini"/);
  assertMatch(
    stdout,
    /llm_tool_duration_seconds\n +tool_name="search_flights" +2× .*\n +tool_name="search_hotels" +2×/,
  );
});

Deno.test("the demo says that nothing arrived when telemetry is switched off", async () => {
  const { code, stdout, stderr } = await runExample("demo", { env: { OTEL_SDK_DISABLED: "TRUE" } });
  assertEquals([code, stderr], [0, ""]);
  assertStringIncludes(stdout, "Nothing arrived: the receiver got 0 requests.");
  assertStringIncludes(stdout, "The capital of Portugal is Lisbon.");
  assert(!stdout.includes("llm.request"));
  assert(!stdout.includes("llm_requests_total"));
});

for (const columns of [60, 80]) {
  Deno.test(`the demo fits into ${columns} columns, plain with NO_COLOR, and nothing that matters is cut`, async () => {
    const { code, stdout } = await runExample("demo", { env: { COLUMNS: String(columns), NO_COLOR: "1" } });
    assertEquals(code, 0);
    assertEquals(stdout.split("\n").filter((line) => [...line].length > columns), []);
    assert(!stdout.includes("\x1b"));
    const lines = part(stdout, "The traces", "The metrics").filter((line) => line.includes("━"));
    assertEquals(lines.length, 36);
    // Three calls, the agent's three, their turns, the agent, and both programs: with tokens and cost.
    assertEquals(lines.filter((line) => /Σ?\$0\.0\d+ +\d+→\d+ +━/.test(line)).length, 12);
    assertMatch(stdout, /llm_cost_usd_total +0\.0/);
    const said = part(stdout, "The agent", "The traces").join(" ").replaceAll(/\s+/g, " ");
    assertMatch(said, /✓ \d\.\d\ds · first token after \d+ms · \d+ tokens in, \d+ out · \$0\.0\d+ $/);
    assert(!stdout.replace("mouth of the …", "").replaceAll(/ …$/gm, "").replaceAll("=… ", "").includes("…"), stdout);
    const genAi = stdout.slice(stdout.indexOf("gen_ai_client_token_usage"));
    assertEquals(genAi.match(/6× {2}mean /g)?.length, 4);
  });
}

Deno.test("a demo whose reader has seen enough ends without a word", async () => {
  const script = new URL("../../examples/demo.ts", import.meta.url);
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", ...await configFlags(), script.href],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const reader = child.stdout.getReader();
  assertEquals((await reader.read()).done, false);
  await reader.cancel();
  const [{ code }, stderr] = await Promise.all([child.status, new Response(child.stderr).text()]);
  assertEquals([code, stderr], [0, ""]);
});

Deno.test("the demo asks whom the key is for and exports where the environment says, without telling secrets", async () => {
  await using vendor = startScriptedOpenai(answers);
  await using receiver = startReceiver();
  const endpoint = new URL(receiver.url);
  endpoint.username = "reporter";
  endpoint.password = "s3cret-pass";
  const { code, stdout, stderr } = await runExample("demo", {
    dotEnv: `OPENAI_API_KEY=sk-s3cret-key\nOPENAI_BASE_URL=${vendor.baseUrl}\n`,
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint.href, OTEL_SERVICE_NAME: "mine" },
  });
  assertEquals([code, stderr], [0, ""]);
  assertStringIncludes(stdout, "Five calls to gpt-4o-mini at OpenAI, and an agent.");
  assertStringIncludes(stdout, `36 spans and ${receiver.metrics().length} data points were sent to ${receiver.url}.`);
  const [span] = receiver.spans();
  const ids = ["five_calls", "plan_trip"].map((own) => receiver.spans().find(({ name }) => name === own)?.traceId);
  assertStringIncludes(stdout.replaceAll(/\s+/g, " "), `Look there for the traces ${ids.join(" and ")}.`);
  assertEquals(span?.resource["service.name"], "mine");
  assert(!(stdout + stderr).includes("s3cret"));
  assert(!stdout.includes("llm.request"), "what went elsewhere cannot be shown here");
});

Deno.test("the demo asks Anthropic where that is the only key", async () => {
  await using vendor = startScriptedAnthropic([{ question: tripQuestion, answer: "Stay at home." }]);
  const { code, stdout, stderr } = await runExample("demo", {
    dotEnv: `ANTHROPIC_API_KEY=sk-ant-s3cret\nANTHROPIC_BASE_URL=${vendor.baseUrl}\n`,
  });
  assertEquals([code, stderr], [0, ""]);
  assertStringIncludes(stdout, "Five calls to claude-haiku-4-5 at Anthropic, and an agent.");
  assertMatch(part(stdout, "The agent", "The traces").join("\n"), /Stay at home\.\n +✓ /);
  assertStringIncludes(stdout, "llm.anthropic.stream");
  assert(!stdout.includes("s3cret"));
});

Deno.test("the demo ends well where nobody receives its telemetry, and says so", async () => {
  const free = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const nobody = `http://127.0.0.1:${free.addr.port}`;
  free.close();
  const { code, stdout } = await runExample("demo", { env: { OTEL_EXPORTER_OTLP_ENDPOINT: nobody } });
  assertEquals(code, 0);
  assertStringIncludes(stdout, `0 spans and 0 data points were sent to ${nobody}.`);
  assertMatch(stdout, /\n 62 spans and data points did not arrive: /);
});
