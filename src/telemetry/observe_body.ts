/**
 * Sees how a response's body ends, without touching what is read.
 *
 * @module
 */

/**
 * The same response, whose body tells `onEnd` once: without an argument when it was read to its end or cancelled, with
 * the error when reading failed. `beforeClose` runs between the last byte and the end, which it holds back.
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
  const observed = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { value, done } = await reader.read();
        if (!done) return controller.enqueue(value);
        onEnd();
        await beforeClose?.();
        controller.close();
      } catch (error) {
        onEnd(error ?? new Error("reading failed without saying why"));
        controller.error(error);
      }
    },
    async cancel(reason) {
      onEnd();
      await Promise.all([reader.cancel(reason), beforeClose?.()]);
    },
  }, { highWaterMark: 0 }); // Nothing is read ahead: a slow reader holds the vendor back.
  return new Response(observed, { status, statusText, headers });
}
