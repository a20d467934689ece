/**
 * One post, whatever comes of it.
 *
 * @module
 */
import { type Post, post } from "../../src/http.ts";
import { openaiErrorOf } from "../../src/providers/openai_error.ts";

/** Where it goes. */
export const URL_WITH_QUERY = "https://api.test:8443/v1/chat/completions?q=needle";

/** A post whose fetch does this. */
export function posting(fetch: typeof globalThis.fetch, more: Partial<Post> = {}): Promise<unknown> {
  const { signal } = new AbortController();
  const request = {
    url: URL_WITH_QUERY,
    headers: {},
    body: "{}",
    signal,
    hasKey: true,
    isSecret: () => false,
    errorOf: openaiErrorOf,
    ...more,
  };
  return post({ ...request, fetch }).catch((error) => error);
}
