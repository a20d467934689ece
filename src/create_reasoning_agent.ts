/**
 * From a model's name to an agent: a client like any other.
 *
 * @module
 */
import { createAgent } from "./agent/agent.ts";
import { DEFAULT_EFFORT } from "./agent/effort.ts";
import type { AgentModel } from "./agent/turn.ts";
import { modelInfo } from "./catalog.ts";
import { type Client, makeClient } from "./client.ts";
import { checkAgentOptions, checkClientOptions } from "./client_options_check.ts";
import { type ClientOptions, defaultsOf, fetchOf, modelOf } from "./create_client.ts";
import { ConfigError } from "./error.ts";
import { instrumentAgent } from "./telemetry/agent.ts";
import { aroundBatch } from "./telemetry/batch.ts";
import { isReasoningModel } from "./providers/openai_reasoning.ts";
import type { Tool } from "./tool.ts";

/** How an agent is made. */
export interface AgentOptions extends ClientOptions {
  /**
   * On spans and metrics, so bounded.
   * @default "reasoning_agent"
   */
  readonly name?: string | undefined;
  /** What the model may have done; each needs `execute`. */
  readonly tools?: readonly Tool[] | undefined;
  /**
   * A model, mostly a cheaper one of the same vendor, that takes the turns that may call tools, the one in which it
   * answers instead among them; the closing turn, and an agent without tools, are the other's. `price` is the other's:
   * this one's is the catalogue's. One of another vendor has that vendor's own variable for its key: apiKey, headers and
   * sdk can then not be given.
   */
  readonly toolsModel?: string | undefined;
  /**
   * Whether the models call tools by themselves. False asks for tools in structured steps, as for a local model whose
   * server has no tool calling.
   * @default what the catalogue says; true for a model it does not list
   */
  readonly nativeTools?: boolean | undefined;
  /** Stand before the conversation. */
  readonly instructions?: string | undefined;
  /**
   * Turns that may call tools; one closing turn without tools may follow.
   * @default 5
   */
  readonly maxIterations?: number | undefined;
  /**
   * False leaves the closing turn out.
   * @default true
   */
  readonly finalAnswer?: boolean | undefined;
  /**
   * The longest a tool may take, in milliseconds.
   * @default 60_000
   */
  readonly toolTimeoutMs?: number | undefined;
  /**
   * How many tools run at once.
   * @default 8
   */
  readonly toolConcurrency?: number | undefined;
}

/**
 * Makes an agent that thinks in turns, runs tools in parallel and answers; `reasoningEffort` defaults to "medium" where
 * the model reasons.
 *
 * @throws {ConfigError} for what {@linkcode createClient} throws for, for tools that cannot be run, and for a
 * `toolsModel` of another vendor beside a key for one of them.
 *
 * @example
 * ```ts
 * import { createReasoningAgent, defineTool } from "@sik/llms";
 *
 * const clock = defineTool<{ city: string }>({
 *   name: "local_time",
 *   description: "Gives the local time of a city.",
 *   parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
 *   execute: ({ city }) => `It is noon in ${city}.`,
 * });
 * const agent = createReasoningAgent("gpt-4o-mini", { tools: [clock], baseUrl: "http://localhost:8080/v1" });
 * console.log(agent.model); // "gpt-4o-mini"
 * ```
 */
export function createReasoningAgent(model: string, options: AgentOptions = {}): Client {
  checkClientOptions(options);
  checkAgentOptions(options);
  const {
    name = "reasoning_agent",
    tools = [],
    toolsModel,
    nativeTools,
    instructions,
    maxIterations = 5,
    finalAnswer = true,
    toolTimeoutMs = 60_000,
    toolConcurrency = 8,
    ...clientOptions
  } = options;
  const { telemetry, timeouts } = clientOptions;
  // The call is the run: it has one end, whatever its requests take.
  const ofRequests = { ...clientOptions, timeouts: { ...timeouts, totalMs: undefined } };
  const thinks = agentModel(model, ofRequests);
  const calls = toolsModel === undefined ? undefined : agentModel(toolsModel, { ...ofRequests, price: undefined });
  if (calls !== undefined) checkVendors(thinks, calls, clientOptions);
  const agent = createAgent({
    model: thinks,
    toolsModel: calls,
    tools: Array.isArray(tools) ? [...tools] : tools, // What is no list is told of by the agent.
    instructions,
    maxIterations,
    finalAnswer,
    totalMs: timeouts?.totalMs,
    toolTimeoutMs,
    toolConcurrency,
    // The closing turn's model reads what the other has called.
    nativeTools: nativeTools ?? [model, toolsModel ?? model].every((each) => modelInfo(each)?.tools !== false),
  });
  const defaults = defaultsOf(clientOptions);
  const fetch = fetchOf(clientOptions);
  if (telemetry === false) return makeClient(agent, { defaults, fetch });
  const around = aroundBatch(agent, telemetry, {
    operation: "reasoning",
    reasoningEffort: options.reasoningEffort ?? DEFAULT_EFFORT,
  });
  return makeClient(instrumentAgent(agent, name, telemetry), { defaults, fetch, around });
}

/** What lets a program in at one vendor is never sent to another. */
function checkVendors(one: AgentModel, other: AgentModel, { apiKey, baseUrl, headers, sdk }: ClientOptions): void {
  const [vendor, another] = [one.asked.provider, other.asked.provider];
  if (vendor === another || (apiKey ?? headers ?? sdk) === undefined) return;
  const hint = baseUrl === undefined
    ? "give no apiKey, headers or sdk here, so that each vendor's own variable is used"
    : 'where baseUrl is a gateway that has both, name the dialect that it speaks, as in provider: "openai"';
  throw new ConfigError(`toolsModel is reached at ${another}, the model at ${vendor}: ${hint}.`);
}

/** A model, and what the catalogue knows of it. */
function agentModel(name: string, options: ClientOptions): AgentModel {
  const asked = modelOf(name, options);
  const info = modelInfo(name);
  // Anthropic's dialect has a way of its own to hold older models to a schema.
  const holdsSchema = info && (info.structuredOutput || info.provider === "anthropic");
  // Whoever is not told how much to think may refuse to be told: only a model that is known to think is.
  const reasons = info?.reasoning ?? (isReasoningModel(name) || name.startsWith("claude-"));
  return { asked, reasons, holdsSchema };
}
