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
  const steps = roots.flatMap((root) => root.children.flatMap((child) => stepsOf(child, root)));
  const [slowest] = steps.toSorted((a, b) => b.node.facts.durationMs - a.node.facts.durationMs);
  const costOf = ({ node }: Step) => node.totals.cost ?? 0;
  const [dearest] = steps.filter(({ node }) => node.totals.cost !== undefined).toSorted((a, b) =>
    costOf(b) - costOf(a)
  );
  const whole = roots.reduce((sum, { facts }) => sum + facts.durationMs, 0);
  const paid = roots.reduce((sum, { totals }) => sum + (totals.cost ?? 0), 0);
  return [
    slowest && `slowest: ${slowest.name} ${part(slowest.node.facts.durationMs, whole, duration)}`,
    dearest && `dearest: ${dearest.name} ${part(costOf(dearest), paid, money)}`,
  ].filter((each) => each !== undefined).join(" · ");
}

/** A request is the step that it is made for, where that makes no other: so its figures are those of the step's line. */
function stepsOf(node: SpanNode, parent: SpanNode): Step[] {
  if (node.facts.isRequest && parent.totals.requests === 1) return [{ name: shortName(parent.span), node: parent }];
  if (node.facts.isRequest || node.children.length === 0) return [{ name: shortName(node.span), node }];
  return node.children.flatMap((child) => stepsOf(child, node));
}

function part(value: number, whole: number, format: (value: number) => string): string {
  const share = whole > 0 ? ` (${Math.round(value / whole * 100)} %)` : "";
  return format(value) + share;
}
