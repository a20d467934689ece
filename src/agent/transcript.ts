/**
 * What a turn said, as it may stand in a conversation that vendors take.
 *
 * @module
 */
import type { Message, Part } from "../message.ts";
import type { Tool } from "../tool.ts";

/** A name that the model made up may be one that vendors refuse, and with it the conversation in which it stands. */
export function withLegalNames(message: Message, tools: readonly Tool[]): Message {
  if (message.role !== "assistant" || typeof message.content === "string") return message;
  const content = message.content.map((part) =>
    part.type === "tool_call" ? { ...part, name: legalName(part.name, tools) } : part
  );
  return { role: "assistant", content };
}

/** The name itself, or what is left of it; never that of a tool which was not meant. */
function legalName(name: string, tools: readonly Tool[]): string {
  if (/^[\w-]{1,64}$/.test(name) || tools.some((tool) => tool.name === name)) return name;
  const left = name.replaceAll(/[^\w-]/g, "_").slice(0, 64);
  return left === "" || tools.some((tool) => tool.name === left) ? "unknown_tool" : left;
}

/**
 * What was said without its calls, of which none has a result. A thought that led to a call alone goes with it: vendors
 * refuse one that nothing follows.
 */
export function withoutCalls(message: Message): Message {
  if (message.role !== "assistant" || typeof message.content === "string") return message;
  const parts = message.content;
  const content = parts.filter((part, index) => {
    const behind = isThought(part) ? parts.slice(index).find((each) => !isThought(each)) : part;
    return behind?.type !== "tool_call";
  });
  return { role: "assistant", content: content.length === 0 ? "" : content };
}

function isThought(part: Part): boolean {
  if (part.type !== "vendor") return part.type === "thinking";
  return (part.data as { readonly type?: unknown } | null)?.type === "reasoning";
}
