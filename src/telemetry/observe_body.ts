/**
 * Sees how a response's body ends, without touching what is read.
 *
 * @module
 */
import { settledWithin } from "../deadline.ts";

/** Who watches a body. */
export interface BodyWatcher {
  /** Told once: without an argument when it was read to its end or cancelled, with the error when reading failed. */
  readonly onEnd: (failure?: unknown) => void;
  /**
   * Runs then, holds the end back, and comes after what is below was cancelled: by then whatever the body was made of has
   * ended too.
   */
  readonly beforeClose?: (() => Promise<void>) | undefined;
  /** Runs what the body is made of, which is asked for more by whoever reads it. */
  readonly inContext?: (<R>(fn: () => R) => R) | undefined;
}

/** What a body is made of may not end when it is cancelled. */
const CANCEL_MS = 1_000;

/** The same response, whose body tells its watcher. One without a body, which is given back as it is, only tells its end. */
export function observeBody(response: Response, { onEnd, beforeClose, inContext }: BodyWatcher): Response {
  void response.headers; // Before the body: Bun forgets the type of one whose body was looked at first.
  const { body, status } = response;
  // A status that may have no body, or that the constructor does not take, cannot be given one.
  if (body === null || status < 200 || status > 599 || status === 204 || status === 205 || status === 304) {
    onEnd();
    return response;
  }
  const run = inContext ?? ((fn) => fn());
  const reader = body.getReader();
  let over = false;
  const end = (failure?: unknown) => {
    if (!over) onEnd(failure);
    over = true;
  };
  const observed = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { value, done } = await run(() => reader.read());
        if (over) return; // Cancelled meanwhile.
        if (!done) return controller.enqueue(value);
      } catch (error) {
        end(error ?? new Error("reading failed without saying why"));
        await beforeClose?.();
        return controller.error(error);
      }
      end();
      await beforeClose?.();
      controller.close();
    },
    async cancel(reason) {
      end();
      const cancelled = run(() => reader.cancel(reason));
      if (beforeClose !== undefined) {
        await settledWithin(CANCEL_MS, cancelled);
        await beforeClose();
      }
      await cancelled;
    },
  }, { highWaterMark: 0 }); // Nothing is read ahead: a slow reader holds the vendor back.
  // Of workerd's own the response knows more than its status and headers, as whether its body is encoded already.
  return alike(new Response(observed, response), response);
}

/** What the constructor cannot be told. */
function alike(made: Response, response: Response): Response {
  for (const name of ["url", "type", "redirected"] as const) {
    if (made[name] !== response[name]) Object.defineProperty(made, name, { value: response[name] });
  }
  return made;
}
