/**
 * The two readers of a dialect, made of its fold.
 *
 * @module
 */
import { ConfigError } from "./error.ts";
import type { ChatRequest } from "./language_model.ts";
import type { DecodedEvent, Fold, Provider } from "./provider.ts";
import type { ServerSentEvent } from "./sse.ts";

/** Reads a streamed answer by the provider's fold. */
async function* decodeByFold(
  this: Provider,
  events: AsyncIterable<ServerSentEvent>,
  request: ChatRequest,
  onOutput?: () => void,
): AsyncGenerator<DecodedEvent, void, undefined> {
  const fold = begin(this, request, onOutput);
  for await (const event of events) {
    if (yield* given((out) => fold.take(event, out))) break;
  }
  yield* given((out) => fold.finish(out));
}

/** Reads an answer in one body by the provider's fold. */
function* decodeBodyByFold(
  this: Provider,
  body: unknown,
  request: ChatRequest,
): Generator<DecodedEvent, void, undefined> {
  const fold = begin(this, request);
  yield* given((out) => fold.takeBody(body, out));
  yield* given((out) => fold.finish(out));
}

/** The readers of a provider that has a fold. */
export const readByFold: Pick<Provider, "decode" | "decodeBody"> = {
  decode: decodeByFold,
  decodeBody: decodeBodyByFold,
};

/** The provider's fold, unless the provider has another reader of its own over it, as a copy of a ready one may. */
export function foldOf(provider: Provider, request: ChatRequest, onOutput: () => void): Fold | undefined {
  const { decode, decodeBody } = readByFold;
  if (provider.decode !== decode || provider.decodeBody !== decodeBody) return undefined;
  return provider.fold?.(request, onOutput);
}

function begin(provider: Provider, request: ChatRequest, onOutput?: () => void): Fold {
  const fold = provider.fold?.(request, onOutput);
  if (fold !== undefined) return fold;
  throw new ConfigError(`The provider ${provider.name} reads by its fold, but has none.`);
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
