/**
 * Runs the tools that a turn asks for: in parallel, bounded, each with its own time; whatever goes wrong in one is told
 * to the model, and the agent goes on.
 *
 * @module
 */
import { alarm, follow, isNoLongerNeeded, orAborted } from "../deadline.ts";
import { ConfigError } from "../error.ts";
import { checkTools } from "../options_check.ts";
import type { ToolResultEvent } from "../event.ts";
import {
  type ImagePart,
  isContentPart,
  resultMessage,
  type TextPart,
  type ToolCall,
  type ToolMessage,
} from "../message.ts";
import { UnfollowedSchemaError, validate, type Validation } from "../schema.ts";
import type { AgentObserver } from "../step_observer.ts";
import { cutOnCodePoint } from "../text.ts";
import type { Tool, ToolContext } from "../tool.ts";

/** How tools are run. */
export interface ToolRunOptions {
  /** What may be called. */
  readonly tools: readonly Tool[];
  /** The longest one may take, in milliseconds. */
  readonly timeoutMs: number;
  /** How many run at once. */
  readonly concurrency: number;
  /** Ends all of them: for the caller's reason, for one of ours, or because the reader broke off. */
  readonly signal: AbortSignal;
  /** Is told of each. */
  readonly observer: AgentObserver;
}

/** What one tool came to. */
export interface ToolOutcome {
  /** For the reader. */
  readonly event: ToolResultEvent;
  /** For the model. */
  readonly message: ToolMessage;
}

/** An outcome, and the place of its call among the calls. */
export interface PlacedOutcome {
  /** From 0. */
  readonly index: number;
  /** What it came to. */
  readonly outcome: ToolOutcome;
}

/** The longest text that is put before the model, in characters. */
const LONGEST_TEXT = 1_000_000;
/** The longest image, in characters of base64: 5 MB, the largest that vendors take. */
const LONGEST_IMAGE = 7_000_000;
/** The longest images together; with them in base64 and a conversation around, no vendor's request is too large. */
const LONGEST_IMAGES = 20_000_000;
/** Of a failure its beginning is enough. */
const LONGEST_FAILURE = 10_000;

/**
 * Runs the calls of one turn. Outcomes come as tools end, each with the place of its call; a slow reader holds no tool
 * back. Whoever leaves in the middle takes the tools along.
 */
export async function* runTools(
  calls: readonly ToolCall[],
  options: ToolRunOptions,
): AsyncGenerator<PlacedOutcome, void, undefined> {
  const line = follow(options.signal);
  const ended: PlacedOutcome[] = [];
  let news = Promise.withResolvers<void>();
  let next = 0;

  async function work(): Promise<void> {
    while (next < calls.length && !line.signal.aborted) {
      const index = next++;
      const outcome = await runTool(calls[index] as ToolCall, options, line.signal);
      ended.push({ index, outcome });
      news.resolve();
    }
  }

  const workers = Array.from({ length: Math.min(options.concurrency, calls.length) }, work);
  try {
    for (let told = 0; told < calls.length; told++) {
      // After an abort no further tool begins, so that there might be no news to wait for.
      while (ended.length === 0 && !line.signal.aborted) {
        await news.promise;
        news = Promise.withResolvers();
      }
      if (line.signal.aborted) throw line.signal.reason;
      yield ended.shift() as PlacedOutcome;
    }
  } finally {
    line.release();
    line.abort(new DOMException("The agent was ended.", "AbortError"));
    await Promise.all(workers);
  }
}

/** Never rejects: what goes wrong is the outcome. */
async function runTool(call: ToolCall, options: ToolRunOptions, signal: AbortSignal): Promise<ToolOutcome> {
  const { tools, timeoutMs, observer } = options;
  const tool = tools.find(({ name }) => name === call.name);
  const step = observer.tool(call, tool !== undefined, tool?.description);
  const line = follow(signal);
  const timedOut = new DOMException(`The tool did not answer within ${timeoutMs} ms.`, "TimeoutError");
  const callOff = alarm(timeoutMs, () => line.abort(timedOut));
  try {
    if (tool === undefined) throw new UnknownToolError(tools);
    const context = { callId: call.id, signal: line.signal, context: step.context };
    const work = step.run(async () => await execute(tool, call, context));
    const result = await orAborted(work, line.signal);
    checkImages(result);
    const message = wellFormed(resultMessage(call.id, result));
    const contentLength = checkedLength(message);
    step.end({ result, contentLength });
    return { event: resultEvent(call, result, false), message };
  } catch (error) {
    const run = options.signal;
    const isLeft = signal.aborted && (!run.aborted || isNoLongerNeeded(run.reason));
    step.end(isLeft ? { brokenOff: true } : { error: signal.aborted ? run.reason : error });
    const said = saidBy(error);
    const event = { ...resultEvent(call, said, true), error };
    return { event, message: resultMessage(call.id, said, true) };
  } finally {
    callOff();
    line.release();
  }
}

async function execute(tool: Tool, call: ToolCall, context: ToolContext): Promise<unknown> {
  const given = call.arguments ?? {}; // Some models write null where a tool takes nothing.
  if (typeof given !== "object" || Array.isArray(given)) throw new InvalidArgumentsError("$");
  // The tool's own copy: what it does to it must not change what the model is said to have asked for.
  let checked: Validation = { ok: true, value: structuredClone(given) };
  try {
    checked = await validate(tool.parameters, checked.value);
  } catch (cause) {
    // The vendor takes more JSON Schemas than the validator does: there the tool is the judge of its arguments. What a
    // validator throws is about the schema; the model, which cannot mend that, is never shown it.
    if (!(cause instanceof UnfollowedSchemaError)) throw new InvalidArgumentsError("$", { cause });
  }
  if (!checked.ok) throw new InvalidArgumentsError(checked.path);
  if (context.signal.aborted) throw context.signal.reason;
  return await (tool.execute as (args: unknown, context: ToolContext) => unknown)(checked.value, context);
}

/** The model made up a name; told to it, never thrown to the user. */
class UnknownToolError extends Error {
  static {
    this.prototype.name = "UnknownToolError";
  }
  constructor(tools: readonly Tool[]) {
    super(`There is no tool of that name; there are: ${tools.map(({ name }) => name).join(", ") || "none"}.`);
  }
}

/** The model's arguments do not fit; told to it, never thrown to the user. */
class InvalidArgumentsError extends Error {
  static {
    this.prototype.name = "InvalidArgumentsError";
  }
  constructor(path: string, options?: ErrorOptions) {
    super(`The arguments do not fit the tool's parameters at ${path}.`, options);
  }
}

function resultEvent({ id, name }: ToolCall, result: unknown, isError: boolean): ToolResultEvent {
  return { type: "tool_result", id, name, result, isError };
}

/** What the model is told of a failure. A tool may throw anything, an error whose message throws as well. */
function saidBy(error: unknown): string {
  try {
    const said = error instanceof Error ? error.message : error;
    if (typeof said === "string" && said !== "") return cutOnCodePoint(said, LONGEST_FAILURE).toWellFormed();
  } catch {
    // As below.
  }
  return "The tool failed without saying why.";
}

/** A half of a character would be refused by vendors, and the whole run with it. */
function wellFormed({ content, ...message }: ToolMessage): ToolMessage {
  if (typeof content === "string") return { ...message, content: content.toWellFormed() };
  return {
    ...message,
    content: content.map((part) => part.type === "text" ? { ...part, text: part.text.toWellFormed() } : part),
  };
}

/** A list of texts and images in which an image shows nothing is a mistake of the tool's, and no JSON for the model. */
function checkImages(result: unknown): void {
  if (!Array.isArray(result) || result.every(isContentPart)) return;
  const types: readonly unknown[] = result.map((part) => (part as { readonly type?: unknown } | null)?.type);
  if (!types.every((type) => type === "text" || type === "image")) return;
  if (result.some((part, index) => types[index] === "image" && !isContentPart(part))) {
    throw new Error("The tool's result has an image without data in base64 and without url.");
  }
}

/** How long a result is, in characters; one that no model could take is a failure. */
function checkedLength({ content }: ToolMessage): number {
  const parts: readonly (TextPart | ImagePart)[] = typeof content === "string"
    ? [{ type: "text", text: content }]
    : content;
  let text = 0;
  let images = 0;
  for (const part of parts) {
    if (part.type === "text") text += part.text.length;
    else {
      const length = (part.data?.length ?? 0) + (part.url?.length ?? 0);
      if (length > LONGEST_IMAGE) throw new Error("The tool's result has an image that is too large.");
      images += length;
    }
  }
  if (text > LONGEST_TEXT) throw new Error(`The tool's result is longer than ${LONGEST_TEXT} characters.`);
  if (images > LONGEST_IMAGES) throw new Error("The tool's result has images that are too large together.");
  return text + images;
}

/**
 * Checks the tools that an agent is made with.
 *
 * @throws {ConfigError} for tools without a name, with the same name, or that cannot be run.
 */
export function checkAgentTools(tools: readonly Tool[]): void {
  checkTools(tools);
  for (const { name, execute } of tools) {
    if (typeof execute !== "function") {
      throw new ConfigError(`The tool ${name} has no execute: an agent runs its tools itself.`);
    }
  }
}
