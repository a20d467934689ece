import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { money, plainNumber } from "../../examples/support/format.ts";
import { startReceiver } from "../../examples/support/otlp_receiver.ts";
import { startScriptedOpenai } from "../../examples/support/scripted_openai.ts";
import { answers } from "../../examples/support/answers.ts";
import { modelInfo } from "../../mod.ts";
import { runExample } from "./run_example.ts";

/** What stands between two headings. */
function part(output: string, from: string, to: string): string[] {
  const begin = output.indexOf(`\n ${from}`);
  const end = output.indexOf(`\n ${to}`);
  assert(begin >= 0 && end > begin, `no part from ${from} to ${to} in:\n${output}`);
  return output.slice(begin, end).split("\n").slice(2);
}

/** The lines of the tree: how deep each name stands, and what is said of it. */
function treeOf(output: string): { readonly depth: number; readonly name: string; readonly rest: string }[] {
  const lines = part(output, "The trace", "The metrics");
  const root = lines.findIndex((line) => line.startsWith(" plan_trip "));
  return lines.slice(root, lines.indexOf("", root)).map((line) => {
    const [, branch = "", name = "", rest = ""] = /^ ([│├└─ ]*)(\S+) ?(.*?)\s*━*$/.exec(line) ?? [];
    return { depth: branch.length / 3, name, rest };
  });
}

/** What the catalogue says that these tokens cost. */
function priceOf(input: number, output: number): number {
  const price = modelInfo("gpt-4o-mini")?.price;
  assert(price !== undefined);
  return (input * price.input + output * price.output) / 1e6;
}

const request = [[1, "llm.request"], [2, "llm.openai.stream"], [3, "http.request"]] as const;

Deno.test("the demo shows calls, tree, cost and metrics of what its receiver got, through a pipe", async () => {
  const { code, stdout, stderr } = await runExample("demo");
  assertEquals([code, stderr], [0, ""]);
  assert(!stdout.includes("\x1b"), "a pipe gets no colours");

  const calls = part(stdout, "The calls", "The trace").join("\n");
  assertStringIncludes(calls, "The capital of Portugal is Lisbon.");
  assertStringIncludes(calls, 'A man says "obrigado", a woman says "obrigada".');
  assertMatch(calls, /✗ BadRequestError 400: Invalid 'temperature'/);
  assertMatch(calls, /◌ broken off/);

  const tree = treeOf(stdout);
  assertEquals(tree.map(({ depth, name }) => [depth, name]), [
    [0, "plan_trip"],
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
  const valueOf = (name: string) => new RegExp(`^ +${name} +(\\S+)`, "m").exec(metrics)?.[1];
  assertEquals(valueOf("llm_requests_total"), "5");
  assertEquals(valueOf("llm_requests_failed_total"), "1");
  assertEquals(valueOf("llm_retries_total"), "1");
  assertEquals(valueOf("llm_unpriced_requests_total"), "0");
  assertEquals(valueOf("llm_tokens_input_total"), String(input));
  assertEquals(valueOf("llm_tokens_output_total"), String(output));
  assertEquals(valueOf("llm_cost_usd_total"), plainNumber(total));
  assertEquals(valueOf("llm_request_duration_seconds"), "5×");
  assertEquals(valueOf("llm_time_to_first_token_seconds"), "4×");
  assertStringIncludes(metrics, 'llm_*  llm_model="gpt-4o-mini" llm_provider="openai"');
  assertMatch(metrics, /gen_ai_client_token_usage .*\n +gen_ai_token_type="input" +3×/);
  assertMatch(metrics, /gen_ai_client_operation_duration_seconds\n/);

  assertStringIncludes(
    stdout,
    "\n 5 calls · 1 failed: weather (400) · 1 retried: phrase (after 429) · 1 cancelled: history\n",
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

Deno.test("the demo fits into 60 columns, plain with NO_COLOR", async () => {
  const { code, stdout } = await runExample("demo", { env: { COLUMNS: "60", NO_COLOR: "1" } });
  assertEquals(code, 0);
  assertEquals(stdout.split("\n").filter((line) => [...line].length > 60), []);
  assert(!stdout.includes("\x1b"));
  assertEquals(treeOf(stdout).length, 17);
  assertMatch(stdout, /llm_cost_usd_total +0\.0/);
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
  assertStringIncludes(stdout, "Five calls to gpt-4o-mini at OpenAI.");
  assertStringIncludes(stdout, `17 spans and ${receiver.metrics().length} data points were sent to ${receiver.url}.`);
  const [span] = receiver.spans();
  assertStringIncludes(stdout, `Look there for the trace ${span?.traceId}.`);
  assertEquals(span?.resource["service.name"], "mine");
  assert(!(stdout + stderr).includes("s3cret"));
  assert(!stdout.includes("llm.request"), "what went elsewhere cannot be shown here");
});

Deno.test("the demo ends well where nobody receives its telemetry, and says so", async () => {
  const free = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const nobody = `http://127.0.0.1:${free.addr.port}`;
  free.close();
  const { code, stdout } = await runExample("demo", { env: { OTEL_EXPORTER_OTLP_ENDPOINT: nobody } });
  assertEquals(code, 0);
  assertStringIncludes(stdout, `0 spans and 0 data points were sent to ${nobody}.`);
  assertMatch(stdout, /\n 36 spans and data points did not arrive: /);
});
