/**
 * Keeps what is secret out of what a call tells: vendors quote keys in their refusals, and gateways in anything.
 *
 * @module
 */
import { LlmError } from "./error.ts";
import { mayBeKey } from "./http_header.ts";
import type { DecodedResult } from "./provider.ts";
import { quietly } from "./quietly.ts";

/** A shorter key is a word that a local server does not look at, and may stand in any sentence. */
const SHORTEST_SECRET = 8;

/** What is secret of a call. */
export interface Secrets {
  /** The keys that it is sent with. */
  readonly keys: readonly string[];
  /**
   * The same, and whatever else the user says in headers: a gateway's key mostly comes so. It is kept out of errors alone,
   * since a header may also name what an answer names, as a model.
   */
  readonly all: readonly string[];
}

/** What a connection authenticates with. */
export interface Authentication {
  /** Goes into the provider's headers, and nowhere else. */
  readonly key: string | undefined;
  /** What an official SDK authenticates with, as far as it shows it: to be kept out of what is told, and for nothing else. */
  readonly secrets: readonly string[];
  /** The user's own headers, which go last, over the provider's. */
  readonly headers: Headers;
}

/** What is secret of a call that is sent with these headers. A short value is a region, or a version. */
export function secretsOf({ key, secrets, headers: own }: Authentication, sent: Headers): Secrets {
  const keys = [key, ...secrets].filter((secret) => secret !== undefined && secret !== "") as string[];
  const others: string[] = [];
  for (const name in sent) {
    const value = sent[name] ?? "";
    if (value.length < SHORTEST_SECRET || !Object.hasOwn(own, name) && !mayBeKey(name)) continue;
    const list = mayBeKey(name) ? keys : others;
    list.push(value);
    const last = value.slice(value.lastIndexOf(" ") + 1);
    if (last.length >= SHORTEST_SECRET && last !== value) list.push(last);
  }
  return { keys, all: others.length === 0 ? keys : [...keys, ...others] };
}

/** Whether a text holds one of the keys. */
export function holdsKey(text: string, { keys }: Secrets): boolean {
  return keys.some((key) => key.length >= SHORTEST_SECRET && text.includes(key));
}

type Headers = Readonly<Record<string, string>>;

/** The same error, where it is one of ours, without what is secret: in its words, in its code, and in its cause. */
export function withoutSecrets(error: unknown, { all }: Pick<Secrets, "all">): unknown {
  if (!(error instanceof LlmError)) return error;
  for (const secret of all) {
    const isWord = secret.length < SHORTEST_SECRET;
    blacken(error, isWord ? ["vendorMessage"] : ["vendorMessage", "message", "stack", "code", "requestId"], secret);
    if (!isWord && quietly(() => holds(error.cause, secret)) !== false) {
      Object.defineProperty(error, "cause", { value: plainCause(error.cause, secret) });
    }
  }
  return error;
}

/** How deep causes have causes. */
const DEEPEST = 5;

/** Whether a value, which may be anything, holds a secret somewhere. */
function holds(value: unknown, secret: string, depth = DEEPEST): boolean {
  if (typeof value === "string") return value.includes(secret);
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value) || depth === 0) return false;
  return Object.getOwnPropertyNames(value)
    .some((name) => holds(quietly(() => Reflect.get(value, name)), secret, depth - 1));
}

/** What is left of a cause: its name, and its words without the secret. */
function plainCause(cause: unknown, secret: string): Error {
  const said = (name: "name" | "message") =>
    cause instanceof Error && quietly(() => String(cause[name]).replaceAll(secret, "[key]"));
  const plain = new Error(said("message") || "[key]");
  plain.name = said("name") || "Error";
  plain.stack = `${plain.name}: ${plain.message}`;
  return plain;
}

/** The same result, whose names for the answer and for the model are the vendor's to choose. */
export function resultWithoutSecrets<R extends DecodedResult>(result: R, { keys }: Secrets): R {
  let clean = result;
  for (const name of ["responseId", "responseModel", "systemFingerprint", "serviceTier"] as const) {
    const text: unknown = clean[name]; // A provider of the user's own may give anything.
    if (typeof text !== "string") continue;
    for (const secret of keys) {
      if (secret.length < SHORTEST_SECRET || !text.includes(secret)) continue;
      clean = { ...clean, [name]: text.replaceAll(secret, "[key]") };
    }
  }
  return clean;
}

function blacken(error: Error, properties: readonly string[], secret: string): void {
  for (const property of properties) {
    const text: unknown = Reflect.get(error, property);
    if (typeof text !== "string" || !text.includes(secret)) continue;
    Object.defineProperty(error, property, { value: text.replaceAll(secret, "[key]") });
  }
}
