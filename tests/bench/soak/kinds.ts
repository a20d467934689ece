/**
 * What a soak asks for: each kind is the name of a model, by which the vendor knows what to do.
 *
 * @module
 */

/** Calls under way at once. */
export const AT_ONCE = 20;

/** How a call of a kind ends: in its answer, in an error, or by its own caller. */
export type Ending = "answer" | "error" | "given up";

/** Nine of ten calls. */
export const healthy = { plain: "answer", short: "answer", long: "answer" } as const satisfies Record<string, Ending>;

/** One of ten. */
export const faulty = {
  /** The stream ends in the middle, as if it were whole. */
  cut: "error",
  /** The connection is reset in the middle of the stream. */
  reset: "error",
  /** It is refused once, and answered when it is asked again. */
  "429": "answer",
  /** It is refused whenever it is asked. */
  "500": "error",
  /** It begins, and goes on only after its caller's deadline. */
  stall: "error",
  /** The reader leaves after the first piece. */
  break: "given up",
  /** The caller's signal aborts after the first piece. */
  abort: "given up",
} as const satisfies Record<string, Ending>;

/** A kind of call. */
export type Kind = keyof typeof healthy | keyof typeof faulty;

/** Every kind with its ending. */
export const endings: Readonly<Record<Kind, Ending>> = { ...healthy, ...faulty };

const healthyKinds = Object.keys(healthy) as Kind[];
const faultyKinds = Object.keys(faulty) as Kind[];

/** The kind of the call of that number: the same in every run, and all of them mixed. */
export function kindOf(number: number): Kind {
  const kinds = number % 10 === 9 ? faultyKinds : healthyKinds;
  const round = number % 10 === 9 ? Math.floor(number / 10) : number;
  return kinds[round % kinds.length]!;
}
