import { assert, assertEquals, assertMatch } from "@std/assert";
import { columnsOf } from "../../examples/support/colors.ts";
import type { ReceivedSpan } from "../../examples/support/otlp_decode.ts";
import { renderTree } from "../../examples/support/render_tree.ts";
import { request, span } from "./received.ts";

const label = ({ attributes }: ReceivedSpan) => attributes["demo.call"] as string | undefined;
const http = (status: number) => ({ "http.response.status_code": status });
const agent = { "llm.operation": "reasoning" };

/** A call with its stream and its attempts. */
function call(id: string, parent: string, from: number, to: number, more: Partial<Parameters<typeof span>[0]> = {}) {
  return [
    span({ name: "llm.request", id, parent, from, to, ...more }),
    span({ name: "llm.openai.stream", id: `${id}/s`, parent: id, from, to }),
    span({ name: "http.request", id: `${id}/h`, parent: `${id}/s`, from, to, attributes: http(200) }),
  ];
}

const retried = { ...request({ in: 162, out: 12, cost: 0.000031 }), "llm.retries": 1 };
const trip = [
  span({ name: "plan_trip", id: "root", to: 3_000 }),
  span({ name: "llm.reasoning_agent.stream", id: "agent", parent: "root", to: 3_000, attributes: agent }),
  span({ name: "reasoning.thinking.iteration_1", id: "one", parent: "agent", to: 300 }),
  ...call("r1", "one", 0, 300, { attributes: request({ in: 78, out: 9, cost: 0.000017 }) }),
  span({ name: "reasoning.tool.search_flights", parent: "agent", from: 300, to: 1_200 }),
  span({ name: "reasoning.final_answer", id: "two", parent: "agent", from: 1_200, to: 3_000 }),
  ...call("r2", "two", 1_200, 3_000, { attributes: retried }),
  span({ name: "http.request", parent: "r2/s", from: 1_100, to: 1_110, attributes: http(429), error: "429" }),
];

Deno.test("where there is little room names are short, and times, cost and tokens stand in columns before the bars", () => {
  assertEquals(renderTree(trip, { width: 59, color: false }), [
    "plan_trip            3.00s Σ$0.000048 240→21 ━━━━━━━━━━━━━━",
    "└─ agent             3.00s Σ$0.000048 240→21 ━━━━━━━━━━━━━━",
    "   ├─ iteration_1    300ms Σ$0.000017  78→9  ━",
    "   │  └─ request     300ms  $0.000017  78→9  ━",
    "   │     └─ stream   300ms                   ━",
    "   │        └─ 200   300ms                   ━",
    "   ├─ search_flights 900ms                    ━━━━━",
    "   └─ final_answer   1.80s Σ$0.000031 162→12      ━━━━━━━━━",
    "      └─ request ↻1  1.80s  $0.000031 162→12      ━━━━━━━━━",
    "         └─ stream   1.80s                        ━━━━━━━━━",
    "            ├─ 429 ✗  10ms                        ━",
    "            └─ 200   1.80s                        ━━━━━━━━━",
  ]);
});

Deno.test("with more room the names are whole, from 96 columns on there are sentences", () => {
  const medium = renderTree(trip, { width: 78, color: false });
  assertMatch(medium[1] ?? "", /^└─ llm\.reasoning_agent\.stream +3\.00s Σ\$0\.000048 240→21 ━{12,}$/);
  assertMatch(medium[10] ?? "", /^ +├─ http\.request 429 ✗ +10ms +━$/);
  const wide = renderTree(trip, { width: 96, color: false });
  assertMatch(wide[8] ?? "", /^ +└─ llm\.request 1\.80s \$0\.000031 ↻ 1 retry · 162 in, 12 out +━+$/);
});

Deno.test("a call is known by the program's name for it, and by a mark for how it went", () => {
  const named = (name: string, more = {}) => ({ ...request(), "demo.call": name, ...more });
  const spans = [
    span({ name: "five_calls", id: "root", to: 100 }),
    span({ name: "llm.request", id: "a", parent: "root", to: 20, attributes: named("weather"), error: "400" }),
    span({
      name: "llm.request",
      id: "b",
      parent: "root",
      from: 30,
      to: 60,
      attributes: named("history", { "llm.stream.outcome": "cancelled" }),
      error: "AbortError",
    }),
    span({ name: "chat gpt-4o-mini", id: "c", parent: "root", from: 60, to: 90, attributes: request() }),
  ];
  const texts = (width: number) =>
    renderTree(spans, { width, color: false, label }).map((line) => line.replace(/ +\d+ms.*$/, ""));
  assertEquals(texts(40), ["five_calls", "├─ weather ✗ 400", "├─ history ◌", "└─ request"]);
  assertEquals(texts(90), [
    "five_calls",
    "├─ llm.request weather ✗ 400",
    "├─ llm.request history ◌",
    "└─ chat gpt-4o-mini",
  ]);
});

Deno.test("at every width there is a bar for each span, and no line is too long", () => {
  const [root, ...rest] = trip;
  const long = { ...root!, name: "a_span_of_the_program_whose_name_does_not_know_when_to_end_and_goes_on" };
  for (let width = 40; width <= 200; width += 3) {
    const lines = renderTree([long, ...rest], { width, color: false });
    assertEquals(lines.filter((line) => columnsOf(line) > width), [], `at ${width} columns`);
    assert(lines.every((line) => line.includes("━")), `at ${width} columns`);
    // From the narrowest screen on nothing is left out that adds up.
    if (width >= 58) assertEquals(lines.filter((line) => line.includes("$0.0000")).length, 6, `at ${width} columns`);
    if (width >= 58 && width < 96) assertEquals(lines.filter((line) => line.includes("→")).length, 6);
  }
  assert(!renderTree(trip, { width: 60, color: false, bars: false }).join("").includes("━"));
});

Deno.test("columns say the same with colours as without", () => {
  const colored = renderTree(trip, { width: 60, color: true });
  // deno-lint-ignore no-control-regex
  const stripped = colored.map((line) => line.replaceAll(/\x1b\[\d+m/g, ""));
  assertEquals(stripped, renderTree(trip, { width: 60, color: false }));
  assert(colored.join("").includes("\x1b["));
});
