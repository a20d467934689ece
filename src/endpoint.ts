/**
 * Where a client sends its requests and with which key: base URLs, keys and headers, checked before anything is sent.
 *
 * @module
 */
import { isHeaders } from "./client_options_check.ts";
import { ConfigError } from "./error.ts";
import { checkHeaderValue, isHeaderName, KEY_START, looksLikeKey } from "./http_header.ts";
import type { Provider } from "./provider.ts";
import { readyVendors } from "./providers/mod.ts";
import { readVariable } from "./runtime.ts";

/** What decides where requests go. */
export interface EndpointOptions {
  /** As given in code. */
  readonly apiKey?: string | undefined;
  /** As given in code. */
  readonly baseUrl?: string | undefined;
  /** As given in code. */
  readonly headers?: Readonly<Record<string, string>> | Headers | undefined;
}

/** Where requests go. */
export interface Endpoint {
  /** Checked. */
  readonly baseUrl: URL;
  /** Undefined where none is to be sent. */
  readonly key: string | undefined;
  /** Checked. */
  readonly headers: Readonly<Record<string, string>>;
}

/** The vendors' own variables that move their base URL: what their official SDKs read too. */
const BASE_URL_VARIABLES: ReadonlyMap<string, string> = new Map([
  ["openai", "OPENAI_BASE_URL"],
  ["anthropic", "ANTHROPIC_BASE_URL"],
]);

/**
 * Decides where requests go. `byName` is true when the provider was inferred or named by a string: only then do the
 * vendors' base URL variables count.
 *
 * @throws {ConfigError} for a bad base URL, key or header, and for a key that is needed and missing.
 */
export function endpointOf(provider: Provider, byName: boolean, options: EndpointOptions): Endpoint {
  const headers = checkHeaders(options.headers ?? {});
  if (options.apiKey !== undefined) checkHeaderValue("apiKey", options.apiKey);
  if (options.baseUrl !== undefined) {
    return { baseUrl: baseUrlOf("baseUrl", options.baseUrl, options.apiKey), key: options.apiKey, headers };
  }
  const variable = byName ? BASE_URL_VARIABLES.get(provider.name) : undefined;
  const moved = variable === undefined ? undefined : readVariable(variable).value?.trim();
  const baseUrl = moved === undefined || moved === ""
    ? baseUrlOf("The provider's baseUrl", provider.baseUrl, options.apiKey)
    : baseUrlOf(String(variable), moved, options.apiKey);
  return { baseUrl, key: options.apiKey ?? keyOf(provider, byName), headers };
}

/** The key of the environment. */
function keyOf(provider: Provider, byName: boolean): string | undefined {
  const { keyVariable } = provider;
  if (keyVariable === undefined) return undefined;
  const owner = readyVendors.find((vendor) => vendor.keyVariable === keyVariable);
  if (owner !== undefined && !byName && new URL(owner.baseUrl).origin !== originOf(provider.baseUrl)) {
    throw new ConfigError(
      `The provider ${provider.name} names ${keyVariable}, ${owner.name}'s own key, but another baseUrl; ` +
        "name a keyVariable of its own, or give apiKey.",
    );
  }
  const { value, denied } = readVariable(keyVariable);
  const key = value?.trim();
  if (key !== undefined && key !== "") {
    checkHeaderValue(keyVariable, key);
    return key;
  }
  const why = denied
    ? `${keyVariable} may not be read; run with --allow-env=${keyVariable}`
    : `${keyVariable} is not set; set it`;
  throw new ConfigError(`No API key for ${provider.name}: ${why}, or give apiKey.`);
}

function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : "";
}

function baseUrlOf(name: string, value: string, key: string | undefined): URL {
  const url = typeof value === "string" && URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined) throw new ConfigError(`${name} is no URL; give one as in https://host/v1.`);
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    throw new ConfigError(`${name} must begin with https:// or http://, not ${url.protocol}//.`);
  }
  if (url.username !== "" || url.password !== "") {
    throw new ConfigError(`${name} holds a user or password; give apiKey or headers instead.`);
  }
  if (
    [...url.searchParams].some(([parameter, value]) => SECRET_PARAMETER.test(parameter) || isSecretValue(value, key))
  ) {
    throw new ConfigError(`${name} holds a key in its query; give apiKey or headers instead.`);
  }
  if (url.pathname.split("/").some((segment) => isSecretSegment(segment, key))) {
    throw new ConfigError(`${name} holds a key in its path; give apiKey or headers instead.`);
  }
  if (url.hash !== "") throw new ConfigError(`${name} must not have a part behind #.`);
  return url;
}

/** What parameters with keys are called. */
const SECRET_PARAMETER =
  /key|token|secret|pass(?:word|wd)?$|^pwd$|auth|^sig|signature|credential|^code$|bearer|^jwt$|session/i;
/** A name that is made of short words, as a model's: it may be long, and a key's words are not short. */
const NAME = /^[a-z]{2,12}(?:[-._][a-z0-9]{1,12})+$/;

/** A version or a region is short; what is long and no name, or begins as keys do, is a key. */
function isSecretValue(value: string, key: string | undefined): boolean {
  return isSecretSegment(value, key) || KEY_START.test(value) || value.length >= 24 && !NAME.test(value);
}

/**
 * Accounts and deployments have long ids, too: of a path only what is the client's own key, or begins as keys do, is one. A
 * short key is a word that a local server does not look at.
 */
function isSecretSegment(segment: string, key: string | undefined): boolean {
  return segment.length >= 8 && segment === key || looksLikeKey(segment);
}

function checkHeaders(given: Readonly<Record<string, string>> | Headers): Readonly<Record<string, string>> {
  const headers = isHeaders(given) ? Object.fromEntries(given) : given;
  for (const [name, value] of Object.entries(headers)) {
    if (!isHeaderName(name)) throw new ConfigError("headers has a name that is no HTTP token.");
    checkHeaderValue(`headers["${name}"]`, value);
  }
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
