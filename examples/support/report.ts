/**
 * What the demo says before its calls and after them.
 *
 * @module
 */
import type { Client, FlushReport, TelemetryState } from "@sik/llms";
import { columnsOf, wrap } from "./colors.ts";
import { counted } from "./format.ts";
import type { ReceivedSpan } from "./otlp_decode.ts";
import type { OtlpReceiver } from "./otlp_receiver.ts";
import { seriesOf } from "./metric_series.ts";
import { renderCalls } from "./render_calls.ts";
import { renderMetrics } from "./render_metrics.ts";
import { renderSteps } from "./render_steps.ts";
import { renderTree } from "./render_tree.ts";
import type { Screen } from "./screen.ts";
import type { Stage } from "./stage.ts";

/** Longer lines are no pleasure to read. */
const widestProse = 110;

/** How telemetry stood when the calls were over. */
export interface Outcome {
  /** Which rule of the switch held. */
  readonly state: TelemetryState;
  /** What was sent. */
  readonly flushed: FlushReport;
  /** The traces, a span of the program's own at the top of each. */
  readonly traceIds: readonly string[];
}

/** The name a call has in the tree: the attribute that the program gave it. */
export function nameOf({ attributes }: ReceivedSpan): string | undefined {
  const name = attributes["demo.call"];
  return typeof name === "string" ? name : undefined;
}

/** Says what is about to happen, and what of it is real. */
export function printHead(screen: Screen, { vendor, vendorUrl, receiver, collector }: Stage, { model }: Client): void {
  const asked = vendorUrl === undefined
    ? `Five calls to ${model} at ${vendor}, and an agent.`
    : `Five calls to ${model}, and an agent. There is no OPENAI_API_KEY or ANTHROPIC_API_KEY, so a script on this ` +
      "machine plays OpenAI: its answers are made up; client, HTTP, streams, retries, tools, prices and telemetry are " +
      "real.";
  const told = receiver === undefined
    ? `Their telemetry goes to ${collector}.`
    : "Their telemetry goes by OTLP over HTTP to a receiver in this process, which knows nothing else of them.";
  const { paint } = screen;
  screen.print("", ` ${paint("@sik/llms", "strong")}${paint(" · language models, observable by default", "dim")}`, "");
  say(screen, `${asked} ${told}`);
  section(screen, "The calls", "as the program sees them");
}

/** Says that the agent begins. */
export function printAgentHead(screen: Screen): void {
  section(screen, "The agent", "thinks, and runs its tools in parallel");
}

/** Shows what arrived at the receiver, or says where it went. */
export function printReport(screen: Screen, stage: Stage, outcome: Outcome): void {
  const { receiver } = stage;
  if (outcome.state.rule === "off") printNothing(screen, receiver);
  else if (receiver === undefined) printElsewhere(screen, stage, outcome);
  else if (receiver.spans().length + receiver.metrics().length === 0) printAstray(screen, outcome);
  else {
    if (receiver.spans().length > 0) printTrace(screen, receiver, outcome.traceIds.at(-1));
    if (receiver.metrics().length > 0) printMetrics(screen, receiver);
  }
  printHints(screen, stage, outcome);
}

function printTrace(screen: Screen, receiver: OtlpReceiver, tripId: string | undefined): void {
  const { width, color } = screen;
  const spans = receiver.spans();
  const own = spans.filter(({ scope }) => scope.name === "demo").map(({ name }) => name);
  section(screen, "The traces", "as a collector sees them");
  const written =
    `Only ${own.join(" and ")} ${own.length === 1 ? "is" : "are"} written in examples/demo.ts; the other ${
      spans.length - own.length
    } spans ` +
    "are there by themselves.";
  say(screen, `${arrival(receiver, "traces", counted(spans.length, "span", "spans"))} ${written}`, "dim");
  screen.print(...indented(renderTree(spans, { width: width - 2, color, label: nameOf })), "");
  const [steps, calls] = [renderSteps(spans.filter(({ traceId }) => traceId === tripId)), renderCalls(spans, nameOf)];
  if (steps !== "") say(screen, `plan_trip · ${steps}`, "strong");
  say(screen, calls, "strong");
}

function printMetrics(screen: Screen, receiver: OtlpReceiver): void {
  const { width, color } = screen;
  const points = receiver.metrics();
  section(screen, "The metrics", "under their names in Prometheus");
  // A reader that exports every few seconds sends each of them several times.
  const count = counted(seriesOf(points).length, "series", "series");
  say(screen, `${arrival(receiver, "metrics", count)} 5× is a histogram of five values.`, "dim");
  screen.print(...indented(renderMetrics(points, { width: width - 2, color })), "");
}

function arrival(receiver: OtlpReceiver, signal: "traces" | "metrics", what: string): string {
  const requests = receiver.requests().filter((request) => request.signal === signal);
  const bytes = requests.reduce((sum, { body }) => sum + body.length, 0);
  const formats = [...new Set(requests.map(({ format }) => format))].join(" and ");
  const size = `${(bytes / 1000).toFixed(1)} kB of ${formats}`;
  return `${what}, decoded from ${counted(requests.length, "request", "requests")} to /v1/${signal}, ${size}.`;
}

function printNothing(screen: Screen, receiver: OtlpReceiver | undefined): void {
  section(screen, "The telemetry", "is switched off");
  const requests = counted(receiver?.requests().length ?? 0, "request", "requests");
  const got = receiver === undefined ? "" : `: the receiver got ${requests}`;
  say(screen, `Nothing arrived${got}. OTEL_SDK_DISABLED=true switches telemetry off, whatever the program says.`);
}

function printAstray(screen: Screen, { state }: Outcome): void {
  section(screen, "The telemetry", "went somewhere else");
  const where = state.rule === "user"
    ? "another provider is registered in this process, and has it"
    : "see the OTEL_… variables of this environment";
  say(screen, `Nothing arrived at the receiver: ${where}.`);
}

function printElsewhere(screen: Screen, { collector }: Stage, { flushed, traceIds }: Outcome): void {
  const { spans, metrics, errors } = flushed;
  section(screen, "The telemetry", "is with your collector");
  const counts = `${counted(spans.exported, "span", "spans")} and ${metrics.exported} data points`;
  say(screen, `${counts} were sent to ${collector}.`);
  if (spans.exported > 0) say(screen, `Look there for the traces ${traceIds.join(" and ")}.`);
  const lost = [spans, metrics].reduce((sum, { failed, dropped }) => sum + failed + dropped, 0);
  if (lost > 0) say(screen, `${lost} spans and data points did not arrive: ${errors.join("; ")}.`);
}

function printHints(screen: Screen, { vendorUrl, receiver }: Stage, { state }: Outcome): void {
  const demo = "deno task demo";
  const hints = [
    state.rule === "off" ? [demo, "with telemetry"] : [`OTEL_SDK_DISABLED=true ${demo}`, "without telemetry"],
    receiver && [`OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318 ${demo}`, "into your own collector"],
    vendorUrl && [`OPENAI_API_KEY=… ${demo}`, "asking OpenAI itself"],
    vendorUrl && [`ANTHROPIC_API_KEY=… ${demo}`, "asking Anthropic itself"],
  ].filter((hint) => hint !== undefined && hint !== "");
  section(screen, "Next");
  const longest = Math.max(...hints.map(([command = ""]) => columnsOf(command)));
  for (const [command = "", about = ""] of hints) {
    const beside = 1 + longest + 2 + columnsOf(about) <= screen.width;
    const dim = screen.paint(about, "dim");
    screen.print(...beside ? [` ${command.padEnd(longest)}  ${dim}`] : [` ${dim}`, ...broken(command, screen.width)]);
  }
  screen.print("");
}

/** A command in two lines, as a shell takes it, where one is too long. */
function broken(command: string, width: number): string[] {
  if (columnsOf(command) + 3 <= width) return [`   ${command}`];
  const [variable = "", ...rest] = command.split(" ");
  return [`   ${variable} \\`, `     ${rest.join(" ")}`];
}

function section({ paint, print, width }: Screen, title: string, about = ""): void {
  const text = about === "" ? "" : ` · ${about}`;
  const rule = "─".repeat(Math.max(0, width - columnsOf(title) - columnsOf(text) - 3));
  print(` ${paint(title, "accent")}${paint(`${text} ${rule}`, "dim")}`, "");
}

function say({ print, paint, width }: Screen, text: string, tone: "plain" | "dim" | "strong" = "plain"): void {
  print(...indented(wrap(text, Math.min(width, widestProse) - 2).map((line) => paint(line, tone))), "");
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => line === "" ? "" : ` ${line}`);
}
