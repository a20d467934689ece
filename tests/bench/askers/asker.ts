/**
 * What all who are measured have in common.
 *
 * @module
 */
import type { Dialect } from "../works.ts";

/** One who asks. */
export interface Asker {
  /** Asks once, and gives the length of the answer's text. */
  ask(dialect: Dialect, model: string): Promise<number>;
  /** What is still under way when a round ends is paid for in that round. */
  settle?(): Promise<unknown>;
  /** How many spans it has told lost so far. */
  lost?(): number;
}

/** Makes an asker that talks to a vendor at `url`, which takes telemetry too. */
export type MakeAsker = (url: string) => Asker | Promise<Asker>;

/** One who is measured. */
export interface Measured {
  /** Makes the asker. */
  readonly make: MakeAsker;
  /** What it speaks. */
  readonly dialects: readonly Dialect[];
  /** It asks for a stream even where its user wants the whole answer, so that a plain call cannot be measured. */
  readonly streamsOnly?: true;
  /** Its telemetry is on: of every call at least one span must arrive. */
  readonly traced?: true;
}

/** For the vendor, which does not look at it. */
export const KEY = "test-key";

/** What everyone asks. */
export const question = [{ role: "user", content: "What is the capital of France?" }] as const;

/** Whether the answer comes in one body. */
export const isPlain = (model: string): boolean => model === "plain";
