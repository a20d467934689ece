/**
 * The two readers of a dialect, made of its fold.
 *
 * @module
 */
import type { ChatRequest } from "./language_model.ts";
import type { DecodedEvent, Fold, Provider } from "./provider.ts";

/** Begins the fold of one answer of the vendor of that name. */
export type MakeFold = (vendor: string, request: ChatRequest, onOutput?: () => void) => Fold;

/** The folds of the readers that were made of one. */
const folds = new WeakMap<object, MakeFold>();

/** The name of the vendor whose function is called; a function taken off its vendor is that of the dialect's own. */
export function vendorOf(self: unknown, dialect: string): string {
  const name = (self as { readonly name?: unknown } | null | undefined)?.name;
  return typeof name === "string" ? name : dialect;
}

/** The readers of `dialect`, the name of whoever made it up: `{ ...openaiChat, name }` shares them. */
export function readByFold(dialect: string, make: MakeFold): Pick<Provider, "decode" | "decodeBody"> {
  const readers: Pick<Provider, "decode" | "decodeBody"> = {
    async *decode(events, request, onOutput) {
      const fold = make(vendorOf(this, dialect), request, onOutput);
      for await (const event of events) {
        if (yield* given((out) => fold.take(event, out))) break;
      }
      yield* given((out) => fold.finish(out));
    },
    *decodeBody(body, request) {
      const fold = make(vendorOf(this, dialect), request);
      yield* given((out) => fold.takeBody(body, out));
      yield* given((out) => fold.finish(out));
    },
  };
  for (const reader of [readers.decode, readers.decodeBody]) folds.set(reader, make);
  return readers;
}

/** Whether a provider reads by a fold, and runs nothing of anybody else's. */
export function isReadByFold({ decode, decodeBody }: Provider): boolean {
  return folds.has(decode) && folds.get(decode) === folds.get(decodeBody);
}

/**
 * The fold that both of a provider's readers are made of, which waits less than they do; undefined for a provider with
 * readers of its own, as a copy of a ready one may have.
 */
export function foldOf(
  { name, decode, decodeBody }: Provider,
  request: ChatRequest,
  onOutput: () => void,
): Fold | undefined {
  const make = folds.get(decode);
  return make === folds.get(decodeBody) ? make?.(name, request, onOutput) : undefined;
}

/** What a step of the fold gives, up to where it fails; tells whether the answer is over. */
function* given(step: (out: DecodedEvent[]) => boolean | void): Generator<DecodedEvent, boolean, undefined> {
  const out: DecodedEvent[] = [];
  let over: boolean | void;
  try {
    over = step(out);
  } catch (error) {
    yield* out;
    throw error;
  }
  yield* out;
  return over === true;
}
