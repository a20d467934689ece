/**
 * What a connection is made of, and what one call over it has come to.
 *
 * @module
 */
import type { Timeouts } from "./timeouts.ts";
import type { Lifeline } from "./breakable.ts";
import type { NoticeEvent } from "./event.ts";
import type { ChatRequest } from "./language_model.ts";
import type { EncodedRequest, Fold, Provider } from "./provider.ts";
import type { Authentication, Secrets } from "./secrecy.ts";
import type { ModelPrice } from "./usage.ts";

/** What a connection is made of. */
export interface Connection extends Authentication {
  /** The dialect. */
  readonly provider: Provider;
  /** The model's name. */
  readonly model: string;
  /** Checked; the provider's path is appended to its path. */
  readonly baseUrl: URL;
  /** Whether whoever sends the requests authenticates them by itself, as an official SDK does. */
  readonly ownAuth: boolean;
  /** How often a failed attempt is made again. */
  readonly maxRetries: number;
  /** How long the vendor may be silent. */
  readonly timeouts: Timeouts;
  /** The longest single event or JSON body. */
  readonly maxEventBytes: number;
  /** Stands instead of the catalogue's. */
  readonly price: ModelPrice | undefined;
  /** Reach the reader of every request. */
  readonly notices: readonly NoticeEvent[];
}

/** One call over a connection. */
export interface Call extends Lifeline {
  /** The connection. */
  readonly connection: Connection;
  /** Where it is posted to. */
  readonly url: string;
  /** What it is sent with. */
  readonly headers: Readonly<Record<string, string>>;
  /** What must not stand in anything that is told of it. */
  readonly secrets: () => Secrets;
  /** What is asked. */
  readonly request: ChatRequest;
  /** The same in the vendor's words. */
  readonly encoded: EncodedRequest;
  /** The same as JSON. */
  readonly body: string;
}

/** What one call has come to. */
export interface Progress {
  /** The answer's text so far. */
  text: string;
  /** When its first attempt began. */
  readonly startedAt: number;
  /** When its first output came. */
  firstOutputAt: number | undefined;
  /** The vendor's id of the attempt that is read. */
  requestId: string | undefined;
  /** What the attempt has said so far, beside its events; undefined where nobody keeps count. */
  said: Pick<Fold, "billed" | "text"> | undefined;
}
