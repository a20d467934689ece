/**
 * What a model says, in nobody's words, and how each dialect has it: the two sides of the contract that every dialect
 * keeps.
 *
 * @module
 */
import { anthropicContract } from "./contract_anthropic.ts";
import { chatContract } from "./contract_chat.ts";
import { responsesContract } from "./contract_responses.ts";
import type { Wire } from "./wires.ts";

/** A tool call; its arguments as the text that the model writes. */
export interface SaidCall {
  readonly id: string;
  readonly name: string;
  readonly arguments: string;
}

/** One answer of a model. */
export interface Said {
  readonly thought?: string;
  /** In pieces. */
  readonly text?: readonly string[];
  readonly calls?: readonly SaidCall[];
  readonly refusal?: string;
  /** The model had no tokens left. */
  readonly isCut?: boolean;
}

/** What a dialect calls the ways in which an answer ends. */
export interface FinishReasons {
  readonly said: string;
  readonly tools: string;
  readonly cut: string;
  readonly refused: string;
}

/** How a dialect keeps the contract. */
export interface Contract {
  readonly wire: Wire;
  /** A model that thinks and calls tools. */
  readonly thinker: string;
  readonly finishReasons: FinishReasons;
  /** Dollars for {@linkcode Said} at the model of `wire`: 30 in, 60 read, 10 written, 25 out. */
  readonly cost: number;
  /** The answer as a stream. Usage is the same in each: 30 in, 60 read, 10 written, 25 out, 5 of them thoughts. */
  stream(said: Said): string;
  /** The same in one body. */
  body(said: Said): object;
  /** Fields of a request's body: what must stand there, exactly. */
  readonly requests: {
    /** Of "Where?" to the model of `wire`, streamed: the whole body. */
    readonly plain: object;
    /** Of {@linkcode WEATHER}, that it must be called, and never twice at once. */
    readonly tools: object;
    /** Of {@linkcode CITY}. */
    readonly schema: object;
    /** Of {@linkcode IMAGES}: the messages. */
    readonly images: object;
    /** Of a little thinking, at {@linkcode thinker}. */
    readonly thinking: object;
  };
  /** {@linkcode CONVERSATION} as the vendor documents that it is sent, all turns up to the last question. */
  readonly history: object;
}

/** What is said in each turn of the conversation. */
export const CONVERSATION: readonly Said[] = [
  {
    thought: "Two cities.",
    text: ["I will ", "look."],
    calls: [
      { id: "call_paris", name: "weather", arguments: '{"city":"Paris"}' },
      { id: "call_rome", name: "weather", arguments: '{"city":"Rome"}' },
    ],
  },
  { text: ["Sunny in Paris, ", "Rome is unknown."] },
  { calls: [{ id: "call_oslo", name: "weather", arguments: '{"city":"Oslo"}' }] },
  { text: ["It snows in Oslo."] },
  { text: ["Oslo."] },
];

/** The dialects. */
export const contracts: readonly Contract[] = [chatContract, responsesContract, anthropicContract];
