/**
 * What an instrumented handler is called with.
 *
 * @module
 */

/** A request with a path and a query. */
export function asked(headers: HeadersInit = {}): Request {
  return new Request("http://localhost/hello?who=me", { headers });
}

/** A runtime's context that keeps what it is handed. */
export function keeping() {
  const kept: Promise<unknown>[] = [];
  return { kept, waitUntil: (promise: Promise<unknown>) => void kept.push(promise) };
}
