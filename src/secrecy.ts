/**
 * Keeps what is secret out of what a call tells: vendors quote keys in their refusals, and gateways in anything.
 *
 * @module
 */
import type { Connection } from "./connection.ts";
import { LlmError } from "./error.ts";
import { mayBeKey } from "./http_header.ts";
import type { DecodedResult } from "./provider.ts";

/** A shorter key is a word that a local server does not look at, and may stand in any sentence. */
const SHORTEST_SECRET = 8;

/**
 * What is secret of a call that is sent with these headers. A gateway's key mostly comes as a header of the user's own; a
 * short value there is a region, or a version.
 */
export function secretsOf({ key, secrets, headers: own }: Connection, sent: Headers): readonly string[] {
  const all = secrets.filter((secret) => secret !== "");
  if (key !== undefined && key !== "") all.push(key);
  for (const name in sent) {
    const value = sent[name] ?? "";
    if (value.length < SHORTEST_SECRET || !Object.hasOwn(own, name) && !mayBeKey(name)) continue;
    all.push(value);
    const last = value.slice(value.lastIndexOf(" ") + 1);
    if (last.length >= SHORTEST_SECRET && last !== value) all.push(last);
  }
  return all;
}

type Headers = Readonly<Record<string, string>>;

/** The same error, where it is one of ours, without what is secret: in its words, in its code, and in its cause. */
export function withoutSecrets(error: unknown, secrets: readonly string[]): unknown {
  if (!(error instanceof LlmError)) return error;
  for (const secret of secrets) {
    const isWord = secret.length < SHORTEST_SECRET;
    blacken(error, isWord ? ["vendorMessage"] : ["vendorMessage", "message", "stack", "code", "requestId"], secret);
    if (!isWord && error.cause instanceof Error) blacken(error.cause, ["message", "stack", "name", "code"], secret);
  }
  return error;
}

/** The same result, whose names for the answer and for the model are the vendor's to choose. */
export function resultWithoutSecrets<R extends DecodedResult>(result: R, secrets: readonly string[]): R {
  let clean = result;
  for (const name of ["responseId", "responseModel", "systemFingerprint", "serviceTier"] as const) {
    const text = clean[name];
    for (const secret of secrets) {
      if (secret.length < SHORTEST_SECRET || text?.includes(secret) !== true) continue;
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
