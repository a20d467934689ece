/**
 * Fetches that are watched: whoever posts with one tells its watcher what it would have to find out by itself.
 *
 * @module
 */
import { secret } from "./secret.ts";

/** What came of a post. */
export interface Posted {
  /** The response; its body is still to be read. */
  readonly response: Response;
  /** Whether the runtime's own fetch gave it: such a response lets go of its socket when its signal aborts. */
  readonly isNative: boolean;
  /** To be told once when the body was read to its end or let go of, or why reading it failed. */
  end(failure?: unknown): void;
}

/** One who watches a call by the fetch that it is handed. */
export interface Watcher {
  /**
   * Sends as the fetch does, and gives a response that nobody watches: its reader tells of its end, which costs less.
   * `isSecret` knows what must not be told of it.
   */
  send(url: string, init: RequestInit, isSecret: (text: string) => boolean): Promise<Posted>;
  /** The call was ended before its end, between two attempts perhaps, where no response tells of it. */
  gaveUp(reason: unknown): void;
}

const watchers = secret<Watcher>(); // No copy or proxy of a fetch is passed by.

/** Lets whoever asks by a fetch tell its watcher what the fetch itself would have to find out. */
export function watchedBy(fetch: typeof globalThis.fetch, watcher: Watcher): typeof globalThis.fetch {
  watchers.set(fetch, watcher);
  return fetch;
}

/** Who watches a fetch. */
export function watcherOf(fetch: typeof globalThis.fetch | undefined): Watcher | undefined {
  return fetch && watchers.get(fetch);
}

/** The runtime's own, as it was when this module was loaded. */
const nativeFetch = globalThis.fetch;

/** Whether a fetch is the runtime's own. */
export function isNativeFetch(fetch: typeof globalThis.fetch): boolean {
  return fetch === nativeFetch;
}
