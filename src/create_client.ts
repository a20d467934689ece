/**
 * From a model's name to a client: name -> provider -> connect -> instrument -> Client.
 *
 * @module
 */
import type { Timeouts } from "./timeouts.ts";
import { modelInfo } from "./catalog.ts";
import { type Client, makeClient } from "./client.ts";
import { checkClientOptions } from "./client_options_check.ts";
import { REQUEST_RULES } from "./options_check.ts";
import { connect } from "./connect.ts";
import { endpointOf } from "./endpoint.ts";
import { ConfigError } from "./error.ts";
import type { NoticeEvent } from "./event.ts";
import type { LanguageModel, RequestOptions } from "./language_model.ts";
import type { Provider } from "./provider.ts";
import { providerNamed, providerNames } from "./providers/mod.ts";
import { type OfficialSdk, sdkFetch, secretsOf } from "./sdk_fetch.ts";
import { aroundBatch } from "./telemetry/batch.ts";
import { instrument } from "./telemetry/instrument.ts";
import type { ClientTelemetry } from "./telemetry/options.ts";
import { prepareTelemetry } from "./telemetry/signals.ts";
import type { ModelPrice } from "./usage.ts";

/** How a client is made; the options of a request given here hold for all of its requests that do not say otherwise. */
export interface ClientOptions extends Omit<RequestOptions, "schema" | "parent" | "signal"> {
  /**
   * Inferred from the model's name when known (names starting `gpt-`, `o<digit>`, `chatgpt-`, `claude-` go to their
   * vendor even when the catalogue does not list them); with only `baseUrl` it is the OpenAI chat dialect.
   */
  readonly provider?: string | Provider | undefined;
  /** Which of OpenAI's two APIs. */
  readonly api?: "chat" | "responses" | undefined;
  /** The key; else the vendor's variable of the environment, unless `baseUrl` is given. */
  readonly apiKey?: string | undefined;
  /** Where the vendor, or a compatible server, is reached; only `apiKey` is sent there. */
  readonly baseUrl?: string | undefined;
  /** Sent with every request, over the vendor's own. A `Headers` is taken, too. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /**
   * What requests are sent with.
   * @default globalThis.fetch
   */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /**
   * How often a request that failed without an answer is made again.
   * @default 2
   */
  readonly maxRetries?: number | undefined;
  /** How long the vendor may be silent. */
  readonly timeouts?: Timeouts | undefined;
  /**
   * Longest single event or JSON body in bytes; beyond it `ResponseError` "too_large".
   * @default 134_217_728
   */
  readonly maxEventBytes?: number | undefined;
  /**
   * A client of an official SDK (`new OpenAI(…)`, `new AzureOpenAI(…)`, `new Anthropic(…)`): its auth and transport, our
   * events and telemetry. It stands instead of apiKey, baseUrl and fetch.
   */
  readonly sdk?: OfficialSdk | undefined;
  /** Stands instead of the catalogue's price. */
  readonly price?: ModelPrice | undefined;
  /** What telemetry records of this client; false: nothing. */
  readonly telemetry?: ClientTelemetry | false | undefined;
}

/**
 * Makes a client for a model.
 *
 * @throws {ConfigError} for what can be known now: unknown model without provider or baseUrl, missing key where the
 * vendor needs one, bad base URL or header, an option of a wrong type. Other local faults reject `run`, or the first
 * `next()`.
 *
 * @example
 * ```ts
 * import { createClient } from "@sik/llms";
 *
 * const client = createClient("gpt-4o-mini", { baseUrl: "http://localhost:8080/v1", temperature: 0.7 });
 * console.log(client.provider, client.model); // "openai" "gpt-4o-mini"
 * ```
 */
export function createClient(model: string, options: ClientOptions = {}): Client {
  checkClientOptions(options);
  const { telemetry } = options;
  const fetch = fetchOf(options);
  const languageModel = modelOf(model, options);
  const defaults = defaultsOf(options);
  if (telemetry === false) return makeClient(languageModel, { defaults, fetch });
  const around = aroundBatch(languageModel, telemetry, { reasoningEffort: options.reasoningEffort });
  return makeClient(languageModel, { defaults, fetch, around });
}

/** The language model of a name: its dialect, connected and, unless that is switched off, instrumented. */
export function modelOf(model: string, options: ClientOptions): LanguageModel {
  const { provider: given, api, sdk, headers, maxRetries, timeouts, maxEventBytes, price, telemetry } = options;
  if (typeof model !== "string" || model === "") throw new ConfigError("The model's name is missing.");
  if (sdk !== undefined && (options.apiKey ?? options.baseUrl ?? options.fetch) !== undefined) {
    throw new ConfigError("sdk brings its own key, base URL and fetch: leave apiKey, baseUrl and fetch out.");
  }
  const baseUrl = sdk?.baseURL ?? options.baseUrl;
  const { provider, byName, notices } = providerOf(model, given, api, baseUrl);
  if (provider.needsSdk && sdk === undefined) {
    throw new ConfigError(`The provider ${provider.name} is reached through its official SDK only; give it as sdk.`);
  }
  if (sdk !== undefined) checkDialect(model, provider, sdk);
  const connection = connect({
    provider,
    model,
    ...endpointOf(provider, byName, { apiKey: options.apiKey, baseUrl, headers }),
    ownAuth: sdk !== undefined,
    secrets: sdk === undefined ? [] : secretsOf(sdk),
    maxRetries: maxRetries ?? 2,
    timeouts: timeouts ?? {},
    maxEventBytes: maxEventBytes ?? 128 * 1024 * 1024,
    price,
    notices,
  });
  if (telemetry === false) return connection;
  prepareTelemetry(telemetry);
  return instrument(connection, telemetry);
}

/** Which dialect speaks to the model, and whether it was found by a name. */
function providerOf(
  model: string,
  given: string | Provider | undefined,
  api: "chat" | "responses" | undefined,
  baseUrl: string | undefined,
): { readonly provider: Provider; readonly byName: boolean; readonly notices: readonly NoticeEvent[] } {
  if (typeof given === "object" && given !== null) return { provider: given, byName: false, notices: [] };
  const info = modelInfo(model);
  const name = given ?? info?.provider ?? vendorByPrefix(model) ?? (baseUrl === undefined ? undefined : "openai");
  if (name === undefined) {
    throw new ConfigError(`The model ${quoted(model)} is not known; say where it is with provider or baseUrl.`);
  }
  const guessed = given === undefined && info === undefined && baseUrl === undefined;
  const provider = providerNamed(name, api ?? info?.api);
  if (provider === undefined) {
    const known = providerNames.join(", ");
    throw new ConfigError(`The provider ${quoted(name)} is not known; give one of ${known}, or a Provider value.`);
  }
  return { provider, byName: true, notices: guessed ? [unknownModel(model, name)] : [] };
}

/** Each official SDK speaks its own vendor's dialect; which one it is shows in what it can be asked for. */
function checkDialect(model: string, provider: Provider, sdk: OfficialSdk): void {
  const isAnthropic = "messages" in sdk && !("chat" in sdk);
  const isOpenai = "chat" in sdk && !("messages" in sdk);
  if (isOpenai && provider.path.endsWith("/messages")) {
    const hint = 'give new Anthropic(…), or provider: "openai" where the server speaks OpenAI\'s';
    throw new ConfigError(`sdk is OpenAI's, and ${quoted(model)} is asked in Anthropic's dialect: ${hint}.`);
  }
  if (isAnthropic && provider.api !== undefined) {
    const hint = 'give new OpenAI(…), or provider: "anthropic" where the server speaks Anthropic\'s';
    throw new ConfigError(`sdk is Anthropic's, and ${quoted(model)} is asked in OpenAI's dialect: ${hint}.`);
  }
}

/** The vendors' own naming: their newest models work before the catalogue lists them. */
function vendorByPrefix(model: string): string | undefined {
  if (/^(?:gpt-|chatgpt-|o\d)/.test(model)) return "openai";
  return model.startsWith("claude-") ? "anthropic" : undefined;
}

function unknownModel(model: string, provider: string): NoticeEvent {
  const message = `The catalogue does not list ${model}: it was sent to ${provider} for its name, and has no price.`;
  return { type: "notice", code: "unknown_model", message };
}

/** What requests are sent with. */
export function fetchOf({ sdk, fetch }: ClientOptions): typeof globalThis.fetch | undefined {
  return sdk === undefined ? fetch : sdkFetch(sdk);
}

/** What holds for every request of a client, of the options it is made with; a signal is one request's. */
export function defaultsOf(options: ClientOptions): RequestOptions {
  const names = REQUEST_RULES.map(({ name }) => name).filter((name) => name !== "signal");
  const given = names.map((name) => [name, Reflect.get(options, name)] as const);
  return Object.fromEntries(given.filter(([, value]) => value !== undefined));
}

/** A name from outside, short enough for a sentence. */
function quoted(name: string): string {
  return JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}…` : name);
}
