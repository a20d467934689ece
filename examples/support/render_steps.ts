/**
 * One line about the steps of a trace: which took longest, which cost most. Pure.
 *
 * @module
 */
import { duration, money } from "./format.ts";
import type { ReceivedSpan } from "./otlp_decode.ts";
import { buildTrees, shortName, type SpanNode } from "./span_tree.ts";

/** A step with the names above it. */
interface Step {
  readonly name: string;
  readonly node: SpanNode;
}

/** Names the slowest and the dearest step: a request to a model, or a piece of work that has none; "" without steps. */
export function renderSteps(spans: readonly ReceivedSpan[]): string {
  const roots = buildTrees(spans);
  const steps = roots.flatMap((root) => root.children.flatMap((child) => stepsOf(child, shortName(root.span))));
  const [slowest] = steps.toSorted((a, b) => b.node.facts.durationMs - a.node.facts.durationMs);
  const [dearest] = steps.filter(({ node }) => node.facts.cost !== undefined)
    .toSorted((a, b) => (b.node.facts.cost ?? 0) - (a.node.facts.cost ?? 0));
  const whole = roots.reduce((sum, { facts }) => sum + facts.durationMs, 0);
  const paid = roots.reduce((sum, { totals }) => sum + (totals.cost ?? 0), 0);
  return [
    slowest && `slowest: ${slowest.name} ${part(slowest.node.facts.durationMs, whole, duration)}`,
    dearest && `dearest: ${dearest.name} ${part(dearest.node.facts.cost ?? 0, paid, money)}`,
  ].filter((each) => each !== undefined).join(" · ");
}

/** A request is named after the step that it is made for. */
function stepsOf(node: SpanNode, parent: string): Step[] {
  if (node.facts.isRequest) return [{ name: parent, node }];
  if (node.children.length === 0) return [{ name: shortName(node.span), node }];
  return node.children.flatMap((child) => stepsOf(child, shortName(node.span)));
}

function part(value: number, whole: number, format: (value: number) => string): string {
  const share = whole > 0 ? ` (${Math.round(value / whole * 100)} %)` : "";
  return format(value) + share;
}
