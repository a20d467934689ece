/**
 * Runs the tools that a turn asks for: in parallel, bounded, each with its own time; whatever goes wrong in one is told
 * to the model, and the agent goes on.
 *
 * @module
 */
import { follow, orAborted } from "../deadline.ts";
import type { ToolResultEvent } from "../event.ts";
import { type ToolCall, type ToolMessage, toolMessage } from "../message.ts";
import { validate } from "../schema.ts";
import type { AgentObserver } from "../step_observer.ts";
import type { Tool } from "../tool.ts";

/** How tools are run. */
export interface ToolRunOptions {
  /** What may be called. */
  readonly tools: readonly Tool[];
  /** The longest one may take, in milliseconds. */
  readonly timeoutMs: number;
  /** How many run at once. */
  readonly concurrency: number;
  /** Ends all of them. */
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

/** The longest result that is put before the model, in characters. */
const LONGEST_RESULT = 1_000_000;

/** Runs the calls of one turn; outcomes come as tools end, and stand in `outcomes` in the order of the calls. */
export async function* runTools(
  calls: readonly ToolCall[],
  options: ToolRunOptions,
): AsyncGenerator<{ readonly index: number; readonly outcome: ToolOutcome }, void, undefined> {
  const line = follow(options.signal);
  const running = new Map<number, Promise<{ readonly index: number; readonly outcome: ToolOutcome }>>();
  let next = 0;
  try {
    while (next < calls.length || running.size > 0) {
      while (next < calls.length && running.size < options.concurrency) {
        const index = next++;
        const call = calls[index] as ToolCall;
        running.set(index, runTool(call, options, line.signal).then((outcome) => ({ index, outcome })));
      }
      const ended = await Promise.race(running.values());
      running.delete(ended.index);
      if (options.signal.aborted) throw options.signal.reason;
      yield ended;
    }
  } finally {
    // Whoever left in the middle takes the tools along.
    line.release();
    line.abort(new DOMException("The agent was ended.", "AbortError"));
    await Promise.all(running.values());
  }
}

/** Never rejects: what goes wrong is the outcome. */
async function runTool(call: ToolCall, options: ToolRunOptions, signal: AbortSignal): Promise<ToolOutcome> {
  const { tools, timeoutMs, observer } = options;
  const tool = tools.find(({ name }) => name === call.name);
  const step = observer.tool(call, tool !== undefined, tool?.description);
  const line = follow(signal);
  const timedOut = new Error(`The tool did not answer within ${timeoutMs} ms.`);
  const timer = setTimeout(() => line.abort(timedOut), timeoutMs);
  try {
    if (tool?.execute === undefined) {
      const names = tools.map(({ name }) => name).join(", ");
      throw new UnknownToolError(`There is no tool of that name; there are: ${names || "none"}.`);
    }
    const validation = await validate(tool.parameters, call.arguments);
    if (!validation.ok) {
      throw new InvalidArgumentsError(`The arguments do not fit the tool's parameters at ${validation.path}.`);
    }
    const context = { callId: call.id, signal: line.signal, context: step.context };
    const execute = tool.execute as (args: unknown, context: unknown) => unknown;
    const work = step.run(async () => await execute(validation.value, context));
    const result = await orAborted(work, line.signal);
    const message = toolMessage(call.id, result);
    const length = lengthOf(message);
    if (length > LONGEST_RESULT) throw new Error(`The tool's result is longer than ${LONGEST_RESULT} characters.`);
    step.end({ result, contentLength: length });
    return { event: resultEvent(call, result, false), message };
  } catch (error) {
    if (signal.aborted) step.end({ brokenOff: true });
    else step.end({ error });
    const said = error instanceof Error && error.message !== "" ? error.message : "The tool failed without saying why.";
    return { event: resultEvent(call, said, true), message: toolMessage(call.id, said, { isError: true }) };
  } finally {
    clearTimeout(timer);
    line.release();
  }
}

/** The model made up a name; told to it, never thrown to the user. */
class UnknownToolError extends Error {
  override readonly name = "UnknownToolError" as const;
}

/** The model's arguments do not fit; told to it, never thrown to the user. */
class InvalidArgumentsError extends Error {
  override readonly name = "InvalidArgumentsError" as const;
}

function resultEvent({ id, name }: ToolCall, result: unknown, isError: boolean): ToolResultEvent {
  return { type: "tool_result", id, name, result, isError };
}

function lengthOf({ content }: ToolMessage): number {
  if (typeof content === "string") return content.length;
  return content.reduce((sum, part) => sum + (part.type === "text" ? part.text.length : part.data?.length ?? 0), 0);
}
