import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { columnsOf } from "../../examples/support/colors.ts";
import { renderCalls } from "../../examples/support/render_calls.ts";
import { renderSteps } from "../../examples/support/render_steps.ts";
import { renderTree } from "../../examples/support/render_tree.ts";
import { buildTrees } from "../../examples/support/span_tree.ts";
import { request, span } from "./received.ts";

const plain = { width: 120, color: false, bars: false };

/** One call with everything below it, as the library records it. */
function call(id: string, parent: string | undefined, from: number, to: number, tokens: Parameters<typeof request>[0]) {
  const above = parent === undefined ? {} : { parent };
  const attributes = { ...request(tokens), "demo.call": id };
  return [
    span({ name: "llm.request", id, ...above, from, to, attributes }),
    span({
      name: "llm.openai.stream",
      id: `${id}/s`,
      parent: id,
      from,
      to,
      attributes: { "llm.stream.chunks": 3 },
    }),
    span({
      name: "http.request",
      id: `${id}/h`,
      parent: `${id}/s`,
      from: from + 1,
      to,
      attributes: { "http.response.status_code": 200 },
    }),
  ];
}

Deno.test("renderTree() puts every span under its parent, in the order they began, however they arrived", () => {
  const spans = [
    ...call("second", "root", 600, 1_012, { in: 20, out: 5, cost: 0.0021 }),
    ...call("first", "root", 0, 412, { in: 10, out: 2, cost: 0.0021 }),
    span({ name: "plan_trip", id: "root", to: 1_012 }),
  ];
  assertEquals(renderTree(spans, plain), [
    "plan_trip 1.01s Σ $0.0042 · 30 tokens in, 7 out · 2 calls",
    "├─ llm.request 412ms $0.0021 · 10 in, 2 out",
    "│  └─ llm.openai.stream 412ms · 3 chunks",
    "│     └─ http.request 200 411ms",
    "└─ llm.request 412ms $0.0021 · 20 in, 5 out",
    "   └─ llm.openai.stream 412ms · 3 chunks",
    "      └─ http.request 200 411ms",
  ]);
});

Deno.test("renderTree() begins a tree with a span whose parent did not arrive, and divides trees by an empty line", () => {
  const spans = [
    span({ name: "late", parent: "lost", from: 5, to: 6 }),
    span({ name: "early", from: 0, to: 1 }),
    span({ name: "child", parent: "early", trace: "another trace", from: 9, to: 10 }),
  ];
  assertEquals(renderTree(spans, plain), ["early 1ms", "", "late 1ms", "", "child 1ms"]);
});

Deno.test("renderTree() of nothing is nothing", () => {
  assertEquals(renderTree([], plain), []);
});

Deno.test("renderTree() marks what failed, what was cancelled and what was tried again", () => {
  const http = (status: number, more = {}) => ({ "http.response.status_code": status, ...more });
  const spans = [
    span({ name: "llm.request", id: "a", from: 0, to: 20, attributes: request(), error: "400" }),
    span({ name: "http.request", id: "a/h", parent: "a", from: 1, to: 20, attributes: http(400), error: "400" }),
    span({
      name: "llm.request",
      id: "b",
      from: 30,
      to: 90,
      attributes: { ...request({ in: 4, out: 1, cost: 0.5 }), "llm.retries": 1 },
    }),
    span({
      name: "http.request",
      id: "b/1",
      parent: "b",
      from: 31,
      to: 33,
      attributes: http(429, { "llm.http.retry_after_seconds": 0.35 }),
      error: "429",
    }),
    span({
      name: "http.request",
      id: "b/2",
      parent: "b",
      from: 60,
      to: 90,
      attributes: http(200, { "http.request.resend_count": 1 }),
    }),
    span({
      name: "llm.request",
      id: "c",
      from: 100,
      to: 160,
      attributes: { ...request(), "llm.stream.outcome": "cancelled" },
    }),
    span({
      name: "llm.request",
      id: "d",
      from: 200,
      to: 260,
      attributes: { ...request(), "llm.stream.outcome": "cancelled" },
      error: "AbortError",
    }),
  ];
  assertEquals(renderTree(spans, plain).filter((line) => line !== ""), [
    "llm.request 20ms ✗ 400",
    "└─ http.request 400 19ms ✗",
    "llm.request 60ms $0.50 ↻ 1 retry · 4 in, 1 out",
    "├─ http.request 429 2ms ✗ · asks to wait 350ms",
    "└─ http.request 200 30ms · attempt 2",
    "llm.request 60ms ◌ cancelled",
    "llm.request 60ms ◌ cancelled",
  ]);
});

Deno.test("renderTree() sums tokens and cost into every parent, each request once", () => {
  const spans = [
    span({
      name: "llm.reasoning_agent.stream",
      id: "agent",
      to: 900,
      // The agent's own sums stand beside those of its requests and are not added to them.
      attributes: { "llm.operation": "reasoning", "llm.aggregated.tokens.input": 30, "llm.aggregated.cost.total": 0.3 },
    }),
    span({ name: "reasoning.thinking.iteration_1", id: "one", parent: "agent", to: 400 }),
    span({ name: "llm.request", id: "r1", parent: "one", to: 400, attributes: request({ in: 10, out: 1, cost: 0.1 }) }),
    span({ name: "reasoning.tool.search", parent: "agent", from: 400, to: 500 }),
    span({ name: "reasoning.final_answer", id: "two", parent: "agent", from: 500, to: 900 }),
    span({
      name: "llm.request",
      id: "r2",
      parent: "two",
      from: 500,
      to: 900,
      attributes: request({ in: 20, out: 2, cost: 0.2 }),
    }),
  ];
  assertEquals(renderTree(spans, plain), [
    "llm.reasoning_agent.stream 900ms Σ $0.30 · 30 tokens in, 3 out · 2 calls",
    "├─ reasoning.thinking.iteration_1 400ms Σ $0.10 · 10 in, 1 out",
    "│  └─ llm.request 400ms $0.10 · 10 in, 1 out",
    "├─ reasoning.tool.search 100ms",
    "└─ reasoning.final_answer 400ms Σ $0.20 · 20 in, 2 out",
    "   └─ llm.request 400ms $0.20 · 20 in, 2 out",
  ]);
});

Deno.test("renderTree() tells cached tokens, and adds them to the input", () => {
  const attributes = { ...request({ in: 500, out: 9, cost: 0.01 }), "llm.tokens.cache_read": 1_024 };
  const [line] = renderTree([span({ name: "llm.request", attributes })], plain);
  assertEquals(line, "llm.request 100ms $0.010 · 1524 in, 9 out · 1024 cached");
});

Deno.test("renderTree() reads spans that have GenAI names alone", () => {
  const attributes = {
    "gen_ai.operation.name": "chat",
    "gen_ai.usage.input_tokens": 12,
    "gen_ai.usage.output_tokens": 3,
    "llm.cost.total": 0.002,
  };
  const [line] = renderTree([span({ name: "chat gpt-4o-mini", attributes })], plain);
  assertEquals(line, "chat gpt-4o-mini 100ms $0.0020 · 12 in, 3 out");
});

Deno.test("renderTree() shows the program's own name of a call", () => {
  const label = ({ attributes }: { readonly attributes: Readonly<Record<string, unknown>> }) => {
    return attributes["demo.call"] as string | undefined;
  };
  const [line] = renderTree(call("capital", undefined, 0, 50, { in: 1, out: 2, cost: 0.003 }), { ...plain, label });
  assertEquals(line, "llm.request 50ms $0.0030 · capital · 1 in, 2 out");
});

Deno.test("renderTree() keeps to its width, and leaves out what says least", () => {
  const spans = [
    span({
      name: "a_span_of_the_program_whose_name_does_not_know_when_to_end_and_goes_on_and_on",
      id: "root",
      to: 900,
    }),
    ...call("one", "root", 0, 400, { in: 1_000_000, out: 2_000_000, cost: 0.0000123 }),
  ];
  const label = () => "a label of some length";
  for (let width = 40; width <= 200; width += 7) {
    for (const bars of [true, false]) {
      const lines = renderTree(spans, { width, color: false, bars, label });
      assertEquals(lines.filter((line) => columnsOf(line) > width), [], `at ${width} columns`);
    }
  }
  const [cutName = "", below = ""] = renderTree(spans, { width: 96, color: false, label });
  assertMatch(cutName, /^a_span_of_the_program\S*… 900ms Σ \$0\.000012 · a label of some length +━+$/);
  assertMatch(below, /^└─ llm\.request 400ms \$0\.000012 · a label of some length · 1000000 in, 2000000 out +━+$/);
});

Deno.test("renderTree() draws bars: when a span began and how long it took", () => {
  const spans = [
    span({ name: "root", to: 1_000 }),
    span({ name: "first_half", parent: "root", from: 0, to: 500 }),
    span({ name: "second_half", parent: "root", from: 500, to: 1_000 }),
    span({ name: "moment", parent: "root", from: 1_000, to: 1_000 }),
  ];
  const lines = renderTree(spans, { width: 100, color: false });
  const bars = lines.map((line) => [line.indexOf("━"), line.lastIndexOf("━") + 1]);
  const [from = 0, to = 0] = bars[0] ?? [];
  const middle = (from + to) / 2;
  assert(to <= 100 && to - from >= 24, `${from} to ${to}`);
  assertEquals(bars, [[from, to], [from, middle], [middle, to], [to - 1, to]]);
  assert(!renderTree(spans, { width: 100, color: false, bars: false }).join().includes("━"));
});

Deno.test("renderTree() says the same with colours as without", () => {
  const spans = [
    span({ name: "root", to: 900 }),
    ...call("one", "root", 0, 400, { in: 10, out: 2, cost: 0.1 }),
    span({ name: "llm.request", parent: "root", from: 500, to: 600, attributes: request(), error: "500" }),
  ];
  const colored = renderTree(spans, { width: 100, color: true });
  // deno-lint-ignore no-control-regex
  const stripped = colored.map((line) => line.replaceAll(/\x1b\[\d+m/g, ""));
  assertEquals(stripped, renderTree(spans, { width: 100, color: false }));
  assertStringIncludes(colored.at(-1) ?? "", "\x1b[31mllm.request\x1b[39m");
  assert(!renderTree(spans, { width: 100, color: false }).join("").includes("\x1b"));
});

Deno.test("buildTrees() knows no cost where no request has one", () => {
  const [root] = buildTrees([
    span({ name: "root" }),
    span({ name: "llm.request", parent: "root", attributes: request({ in: 3, out: 4 }) }),
  ]);
  assertEquals(root?.totals, { requests: 1, inputTokens: 3, outputTokens: 4, cost: undefined });
});

Deno.test("renderCalls() names the calls that failed, were tried again and were cancelled", () => {
  const label = ({ attributes }: { readonly attributes: Readonly<Record<string, unknown>> }) => {
    return attributes["demo.call"] as string | undefined;
  };
  const named = (name: string, more = {}) => ({ ...request(), "demo.call": name, ...more });
  const spans = [
    span({ name: "llm.request", id: "1", attributes: named("fine") }),
    span({ name: "llm.request", id: "2", attributes: named("wrong"), error: "400" }),
    span({ name: "llm.request", id: "3", attributes: named("patient", { "llm.retries": 2 }) }),
    span({ name: "http.request", id: "4", parent: "3", from: 0, to: 1, error: "429" }),
    span({ name: "http.request", id: "5", parent: "3", from: 2, to: 3, error: "ConnectionError" }),
    span({ name: "http.request", id: "6", parent: "3", from: 4, to: 5 }),
    span({ name: "llm.request", id: "7", attributes: named("stopped", { "llm.stream.outcome": "cancelled" }) }),
    span({
      name: "llm.request",
      id: "8",
      attributes: named("aborted", { "llm.stream.outcome": "cancelled" }),
      error: "AbortError",
    }),
  ];
  assertEquals(
    renderCalls(spans, label),
    "5 calls · 1 failed: wrong (400) · 1 retried: patient (after 429 and ConnectionError) · " +
      "2 cancelled: stopped, aborted",
  );
  assertEquals(renderCalls(spans.slice(0, 1), label), "1 call · 0 failed · 0 retried · 0 cancelled");
});

Deno.test("renderSteps() names the slowest and the dearest step, a request after what it is made for", () => {
  const spans = [
    span({ name: "root", to: 1_000 }),
    span({ name: "reasoning.thinking.iteration_1", parent: "root", to: 300 }),
    span({
      name: "llm.request",
      id: "r1",
      parent: "reasoning.thinking.iteration_1",
      to: 300,
      attributes: request({ cost: 0.3 }),
    }),
    span({ name: "http.request", parent: "r1", to: 300 }),
    span({ name: "reasoning.tool.search", parent: "root", from: 300, to: 900 }),
    span({ name: "llm.request", id: "r2", parent: "root", from: 900, to: 1_000, attributes: request({ cost: 0.1 }) }),
  ];
  assertEquals(renderSteps(spans), "slowest: search 600ms (60 %) · dearest: iteration_1 $0.30 (75 %)");
  const [slow = ""] = renderSteps([
    span({ name: "root", to: 1_000 }),
    span({ name: "reasoning.thinking.iteration_1", parent: "root", to: 900 }),
    span({ name: "llm.request", parent: "reasoning.thinking.iteration_1", from: 5, to: 890, attributes: request() }),
  ]).split(" · ");
  assertEquals(slow, "slowest: iteration_1 900ms (90 %)", "as its own line in the tree says");
  assertEquals(renderSteps([]), "");
});
