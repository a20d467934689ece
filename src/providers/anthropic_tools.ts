/**
 * Tools, the choice among them, and the shape of an answer, as Anthropic's Messages take them
 * (https://platform.claude.com/docs/en/agents-and-tools/tool-use/define-tools).
 *
 * @module
 */
import { modelInfo } from "../catalog.ts";
import { ConfigError } from "../error.ts";
import { isObjectSchema, withOwnRoot } from "../json_schema.ts";
import type { ChatRequest, ToolChoice } from "../language_model.ts";
import { type JsonSchema, jsonSchemaOf } from "../schema.ts";
import { parametersOf } from "../tool.ts";
import { type CacheableBlock, markCached } from "./anthropic_cache.ts";
import type { ClaudeRules } from "./anthropic_models.ts";
import { fitsOutputFormat, outputSchema } from "./anthropic_schema.ts";
import type { Drops } from "./drops.ts";
import { searchOf } from "./tool_choice.ts";
import { needsWrapping, unwrapAnswer, wrapSchema } from "./wrapped_answer.ts";

/** Tools and the shape of the answer on the wire. */
export interface EncodedTools {
  /** Undefined where there are none. */
  readonly tools: readonly CacheableBlock[] | undefined;
  /** Undefined where there are no tools, or nothing is said about them. */
  readonly choice: object | undefined;
  /** The answer's shape, where the model holds to it by itself. */
  readonly format: object | undefined;
}

/**
 * The tool by which a model without an output format gives an answer in the request's schema: its input is the answer,
 * and the decoder makes text of it.
 */
const ANSWER_TOOL = "answer_in_schema";

/** Whether a tool call is no call but the answer. */
export function isAnswerTool(name: unknown, request: ChatRequest): boolean {
  return name === ANSWER_TOOL && request.schema !== undefined;
}

/** A tool's input is an object: an answer that is none stands in this one's property `answer`. */
export function isWrapped(request: ChatRequest): boolean {
  return request.schema !== undefined && needsWrapping(jsonSchemaOf(request.schema, "schema"));
}

/** Encodes the request's tools, its choice among them, and its schema. */
export function encodeTools(
  model: string,
  rules: ClaudeRules,
  request: ChatRequest,
  thinks: boolean,
  drops: Drops,
): EncodedTools {
  const { tools = [], schema } = request;
  const encoded: CacheableBlock[] = tools.map((tool) => {
    const { name, description } = tool;
    if (isAnswerTool(name, request)) {
      throw new ConfigError(
        `A tool may not be named ${ANSWER_TOOL} beside a schema: so is the one that answers in it.`,
      );
    }
    return { name, description, input_schema: parametersOf(tool) };
  });
  const search = searchOf(request);
  if (search !== undefined) {
    encoded.push({ type: "web_search_20250305", name: "web_search", max_uses: search.maxUses });
  }
  const json = schema === undefined ? undefined : jsonSchemaOf(schema, "schema");
  const mayForce = rules.forcesTools === "always" || rules.forcesTools === "unlessThinking" && !thinks;
  const hasFormat = modelInfo(model)?.structuredOutput ?? rules.outputFormat;
  const byTool = json !== undefined && (!hasFormat || !fitsOutputFormat(json));
  if (byTool) encoded.push(answerTool(json));
  const format = json === undefined || byTool ? undefined : { type: "json_schema", schema: outputSchema(json) };
  if (encoded.length === 0 && request.extraBody?.["tools"] === undefined) {
    return { tools: undefined, choice: undefined, format };
  }
  if (request.cacheTools === true) markCached(encoded.at(-1), true);
  const wanted = byTool ? withAnswer(request.toolChoice, encoded.length) : request.toolChoice;
  if (!mayForce && forces(request.toolChoice)) {
    const when = rules.forcesTools === "never" ? "" : " while it thinks";
    drops.drop("toolChoice", `${model} cannot be made to call a tool${when}`);
  }
  const given = encoded.length === 0 ? undefined : encoded;
  return { tools: given, choice: choiceOf(forces(wanted) && !mayForce ? "auto" : wanted, request), format };
}

function answerTool(schema: JsonSchema): CacheableBlock {
  const root = withOwnRoot(schema);
  const input_schema = isObjectSchema(root) ? { type: "object", ...root } : wrapSchema(schema);
  const description =
    "Gives the final answer to the user. Always answer by calling this tool, once, and with nothing else.";
  return { name: ANSWER_TOOL, description, input_schema };
}

function forces(choice: ToolChoice | undefined): boolean {
  return typeof choice === "object" || choice === "required";
}

/** The model must answer by the tool, or by one of the caller's first. */
function withAnswer(choice: ToolChoice | undefined, count: number): ToolChoice {
  if (typeof choice === "object") return choice;
  return count === 1 || choice === "none" ? { name: ANSWER_TOOL } : "required";
}

function choiceOf(choice: ToolChoice | undefined, request: ChatRequest): object | undefined {
  const alone = request.parallelToolCalls === false ? { disable_parallel_tool_use: true } : {};
  if (choice === undefined && request.parallelToolCalls !== false) return undefined;
  if (typeof choice === "object") return { type: "tool", name: choice.name, ...alone };
  if (choice === "none") return { type: "none" };
  return { type: choice === "required" ? "any" : "auto", ...alone };
}

/** The answer as text: the tool's input, or what stands in it. */
export function answerText(input: unknown, wrapped: boolean): string {
  return wrapped ? unwrapAnswer(input) : JSON.stringify(input) ?? "";
}
