/**
 * Sees how a response's body ends, without touching what is read.
 *
 * @module
 */

/**
 * The same response, whose body tells `onEnd` once: without an argument when it was read to its end or cancelled, with
 * the error when reading failed. `beforeClose` runs then, holds the end back, and comes after what is below was cancelled:
 * by then whatever the body was made of has ended too. A response without a body, which is given back as it is, only
 * tells `onEnd`.
 */
export function observeBody(
  response: Response,
  onEnd: (failure?: unknown) => void,
  beforeClose?: () => Promise<void>,
): Response {
  const { body, status, statusText, headers } = response;
  // A status that may have no body, or that the constructor does not take, cannot be given one.
  if (body === null || status < 200 || status > 599 || status === 204 || status === 205 || status === 304) {
    onEnd();
    return response;
  }
  const reader = body.getReader();
  let over = false;
  const end = (failure?: unknown) => {
    if (!over) onEnd(failure);
    over = true;
  };
  const observed = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { value, done } = await reader.read();
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
      try {
        await reader.cancel(reason);
      } finally {
        await beforeClose?.();
      }
    },
  }, { highWaterMark: 0 }); // Nothing is read ahead: a slow reader holds the vendor back.
  return new Response(observed, { status, statusText, headers });
}
