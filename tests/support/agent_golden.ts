/**
 * What a run's picture should be: builders for golden pictures, in the vocabulary "both".
 *
 * @module
 */
import type { PaintedSpan } from "./agent_picture.ts";
import { type AgentWire, turnTokens } from "./agent_wires.ts";
import type { Values } from "./telemetry.ts";

/** What a run came to. */
export interface GoldenRun {
  readonly outcome: "finished" | "max_iterations" | "error" | "cancelled";
  readonly iterations: number;
  readonly toolCalls: number;
  /** Requests that gave their usage; as many as iterations unless given. */
  readonly paid?: number;
  readonly error?: string;
}

const failed = (error: string | undefined) => error === undefined ? {} : { error: `ERROR ${error}` };

/** The span of a run. */
export function run(
  { provider, model, reasoningTokens }: AgentWire,
  { outcome, iterations, toolCalls, paid = iterations, error }: GoldenRun,
  ...children: readonly PaintedSpan[]
): PaintedSpan {
  const sums = paid === 0 ? {} : {
    "llm.aggregated.tokens.input": turnTokens.input * paid,
    "llm.aggregated.tokens.output": turnTokens.output * paid,
    "llm.aggregated.tokens.cache_read": turnTokens.cacheRead * paid,
    "llm.aggregated.tokens.cache_write": turnTokens.cacheWrite * paid,
    "llm.aggregated.tokens.reasoning": reasoningTokens * paid,
    "llm.aggregated.tokens.total": turnTokens.total * paid,
    "llm.aggregated.cost.total": 280 * paid,
  };
  const attributes = {
    "llm.model": model,
    "llm.provider": provider.name,
    "llm.operation": "reasoning",
    "llm.reasoning.effort": "medium",
    "llm.reasoning.outcome": outcome,
    "llm.reasoning.iterations.total": iterations,
    "llm.reasoning.tool_calls.total": toolCalls,
    ...sums,
    "gen_ai.operation.name": "invoke_agent",
    "gen_ai.agent.name": "trip_planner",
    "gen_ai.provider.name": provider.name,
    "gen_ai.request.model": model,
    "server.address": "127.0.0.1",
    "server.port": "a port",
  };
  return { name: "llm.reasoning_agent.stream", kind: "INTERNAL", ...failed(error), attributes, children };
}

/** How a turn's request ended; completed unless given. */
export interface GoldenRequest {
  readonly outcome: "cancelled" | "error";
  readonly error?: string;
  /** Whether its body was cancelled, which is no failure of the attempt. */
  readonly midStream?: boolean;
}

/** A turn that ended, or `"left"`: one that its reader broke off, or that failed. */
export function turn(
  wire: AgentWire,
  number: number,
  how: { readonly next: "continue_thinking" | "use_tool" | "finish"; readonly length: number } | "left",
  request?: GoldenRequest,
): PaintedSpan {
  const ending = how === "left" ? {} : {
    "reasoning.next_action": how.next,
    "reasoning.thinking.content_length": how.length,
  };
  return {
    name: how !== "left" && how.next === "finish" ? "reasoning.final_answer" : `reasoning.thinking.iteration_${number}`,
    kind: "INTERNAL",
    ...failed(request?.error),
    attributes: { "reasoning.iteration": number, ...ending },
    children: [requestSpan(wire, request)],
  };
}

function requestSpan({ provider }: AgentWire, request: GoldenRequest | undefined): PaintedSpan {
  const error = failed(request?.error);
  const usage = request === undefined ? { "llm.tokens.total": turnTokens.total, "gen_ai.usage.input_tokens": 100 } : {};
  const attempt = {
    name: "http.request",
    kind: "CLIENT",
    ...request?.midStream ? {} : error,
    attributes: {},
    children: [],
  };
  const stream = {
    name: `llm.${provider.name}.stream`,
    kind: "INTERNAL",
    ...error,
    attributes: {},
    children: [attempt],
  };
  const attributes = { "llm.stream.outcome": request?.outcome ?? "completed", ...usage };
  return { name: "llm.request", kind: "CLIENT", ...error, attributes, children: [stream] };
}

/** The span of a tool. */
export interface GoldenTool {
  readonly name: string;
  readonly id: string;
  readonly args: number;
  /** How long its result is; undefined where it had none. */
  readonly length?: number;
  readonly error?: string;
  /** What the model called it, where that is no declared name. */
  readonly invented?: string;
}

/** A tool. */
export function tool({ name, id, args, length, error, invented }: GoldenTool): PaintedSpan {
  const attributes: Values = {
    "tool.name": invented ?? name,
    "tool.arguments_count": args,
    "tool.call_id": id,
    ...length === undefined ? {} : { "tool.result.content_length": length },
    "gen_ai.operation.name": "execute_tool",
    "gen_ai.tool.name": invented ?? name,
    "gen_ai.tool.call.id": id,
    "gen_ai.tool.type": "function",
    ...invented === undefined ? { "gen_ai.tool.description": `Finds ${name}.` } : {},
  };
  return { name: `reasoning.tool.${name}`, kind: "INTERNAL", ...failed(error), attributes, children: [] };
}

/** The same picture in the vocabulary "llm": names and shape stay, attributes of the conventions go. */
export function withoutGenAi({ attributes, children, ...span }: PaintedSpan): PaintedSpan {
  const own = Object.entries(attributes).filter(([key]) => !/^(?:gen_ai|server)\./.test(key));
  return { ...span, attributes: Object.fromEntries(own), children: children.map(withoutGenAi) };
}

/**
 * The same picture in the vocabulary "gen_ai": the conventions know neither turns nor the wire, so a request is the
 * agent's own child, and an attempt the request's.
 */
export function genAiAlone(model: string, span: PaintedSpan): readonly PaintedSpan[] {
  const { name, attributes } = span;
  const below = span.children.flatMap((child) => genAiAlone(model, child));
  if (/^reasoning\.(?:thinking\.|final_answer)|^llm\..*\.stream$/.test(name) && name !== "llm.reasoning_agent.stream") {
    return below;
  }
  const renamed = name === "llm.request"
    ? `chat ${model}`
    : name === "http.request"
    ? "POST"
    : name === "llm.reasoning_agent.stream"
    ? "invoke_agent trip_planner"
    : name.replace("reasoning.tool.", "execute_tool ");
  const own = Object.entries(attributes).filter(([key]) => /^(?:gen_ai|server)\./.test(key));
  return [{ ...span, name: renamed, attributes: Object.fromEntries(own), children: below }];
}
