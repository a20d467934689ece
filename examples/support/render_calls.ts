/**
 * One line about all calls of a trace: which failed, which were tried again, which were cancelled. Pure.
 *
 * @module
 */
import { counted } from "./format.ts";
import type { ReceivedSpan } from "./otlp_decode.ts";
import { buildTrees, flatten, shortName, type SpanNode } from "./span_tree.ts";

/** Says how the calls went, naming those that did not go straight. */
export function renderCalls(
  spans: readonly ReceivedSpan[],
  label: (span: ReceivedSpan) => string | undefined,
): string {
  const nodes = buildTrees(spans).flatMap(flatten);
  const calls = nodes.filter(({ facts }) => facts.isRequest);
  const parents = new Map(nodes.flatMap((parent) => parent.children.map((child) => [child, shortName(parent.span)])));
  const say = (what: string, chosen: readonly SpanNode[], why: (node: SpanNode) => string | undefined): string => {
    const names = chosen.map((node) => {
      const reason = why(node);
      return (label(node.span) ?? parents.get(node) ?? node.span.name) + (reason === undefined ? "" : ` (${reason})`);
    });
    return `${chosen.length} ${what}${names.length === 0 ? "" : `: ${names.join(", ")}`}`;
  };
  return [
    counted(calls.length, "call", "calls"),
    say(
      "failed",
      calls.filter(({ facts }) => facts.error !== undefined && !facts.cancelled),
      ({ facts }) => facts.error,
    ),
    say("retried", calls.filter(isRetried), refusals),
    say("cancelled", calls.filter(({ facts }) => facts.cancelled), () => undefined),
  ].join(" · ");
}

/** GenAI names alone leave the request's own count out; the attempts below have theirs. */
function isRetried(call: SpanNode): boolean {
  return flatten(call).some(({ facts }) => facts.retries > 0 || facts.resends > 0);
}

/** Why attempts were made again: what the attempts before the last one met. */
function refusals(call: SpanNode): string | undefined {
  const errors = flatten(call).filter(({ facts, children }) => facts.error !== undefined && children.length === 0)
    .map(({ facts }) => facts.error);
  return errors.length === 0 ? undefined : `after ${[...new Set(errors)].join(" and ")}`;
}
