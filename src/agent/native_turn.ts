/**
 * A turn by native tool calls.
 *
 * @module
 */
import { finished } from "../run.ts";
import { withLegalNames, withoutCalls } from "./transcript.ts";
import { ended, numbered, type TurnKind, unforced } from "./turn.ts";

/** A turn of a model that calls tools by itself: its text and thoughts are the thought. */
export const nativeTurn: TurnKind = ({ asked }, request, { number, tools, closing }) => {
  // A server may not look at what the model may not do.
  const isBarred = closing || request.toolChoice === "none";
  return {
    events(how) {
      // Anthropic refuses a conversation with calls of tools that it is not told of: there the closing turn has them, and
      // may not call them. Whoever speaks as OpenAI does takes one.
      const isClosed = closing && asked.api !== undefined;
      const choice = closing ? "none" : number === 1 ? request.toolChoice : unforced(request.toolChoice);
      const given = isClosed
        ? { tools: [], toolChoice: undefined, parallelToolCalls: undefined }
        : { tools, toolChoice: choice };
      return asked.stream({ ...request, ...how, ...given });
    },
    told(event) {
      return isBarred && event.type === "tool_call" ? [] : [numbered(event, number)];
    },
    conclude(given) {
      const result = finished(given);
      // A call that is made all the same is not run, and one without a result may not stand in a conversation.
      const plain = { ...ended(result), messages: isBarred ? result.messages.map(withoutCalls) : result.messages };
      if (closing) return plain;
      const { toolCalls, finishReason } = result;
      if (toolCalls.length > 0 && !isBarred) {
        const messages = result.messages.map((message) => withLegalNames(message, tools));
        return { ...ended(result), nextAction: "use_tool", toolCalls, messages };
      }
      // The vendor paused in the middle of its own tools: handed back what it said, it goes on.
      return finishReason === "pause_turn" ? { ...plain, nextAction: "continue_thinking" } : plain;
    },
    reply: (_calls, outcomes) => outcomes.map(({ message }) => message),
  };
};
