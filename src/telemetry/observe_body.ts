/**
 * Sees how a response's body ends, without touching what is read.
 *
 * @module
 */

/**
 * The same response, whose body tells `onEnd` once: without an argument when it was read to its end or cancelled, with
 * the error when reading failed.
 */
export function observeBody(response: Response, onEnd: (failure?: unknown) => void): Response {
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
        controller.close();
      } catch (error) {
        onEnd(error ?? new Error("reading failed without saying why"));
        controller.error(error);
      }
    },
    async cancel(reason) {
      onEnd();
      await reader.cancel(reason);
    },
  }, { highWaterMark: 0 }); // Nothing is read ahead: a slow reader holds the vendor back.
  return new Response(observed, { status, statusText, headers });
}
