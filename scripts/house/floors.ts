/**
 * The plan of the house: which file lives on which floor, and what each may know. This is the one place that says so.
 *
 * @module
 */

/** A file, or a folder whose path ends in a slash. */
export interface Room {
  /** From 1, the ground. */
  readonly floor: number;
  readonly path: string;
  /** The only rooms it may import. Without it: every room before it in the list. */
  readonly only?: readonly string[];
  /** Rooms before it in the list that it must not know all the same. */
  readonly never?: readonly string[];
}

/** From the ground up. An import goes to a room that stands earlier in this list, or stays inside its own folder. */
export const rooms: readonly Room[] = [
  { floor: 1, path: "src/otel_types.ts" },
  { floor: 1, path: "src/usage.ts" },
  { floor: 1, path: "src/version.ts" },
  { floor: 1, path: "src/quietly.ts" },
  { floor: 1, path: "src/text.ts" },
  { floor: 1, path: "src/shapes.ts" },
  { floor: 1, path: "src/url.ts" },
  { floor: 1, path: "src/runtime.ts" },
  { floor: 1, path: "src/error.ts" },
  { floor: 1, path: "src/timeouts.ts" },
  { floor: 1, path: "src/http_header.ts", only: ["src/error.ts"] },
  { floor: 1, path: "src/option_rules.ts" },
  { floor: 1, path: "src/vendor_error.ts" },
  { floor: 1, path: "src/deadline.ts" },
  { floor: 1, path: "src/body_reader.ts", only: ["src/deadline.ts"] },
  { floor: 1, path: "src/secret.ts" },
  { floor: 1, path: "src/ready.ts" },
  { floor: 1, path: "src/abortable.ts" },
  { floor: 1, path: "src/breakable.ts" },
  { floor: 1, path: "src/schema.ts" },
  { floor: 1, path: "src/json_schema.ts" },
  { floor: 1, path: "src/message.ts" },
  { floor: 1, path: "src/image.ts" },
  { floor: 1, path: "src/conversation.ts" },
  { floor: 1, path: "src/tool.ts" },
  { floor: 1, path: "src/sse.ts" },
  { floor: 1, path: "src/retry.ts" },
  { floor: 1, path: "src/retryable.ts" },
  { floor: 1, path: "src/catalog_data.ts" },

  { floor: 2, path: "src/catalog.ts" },
  { floor: 2, path: "src/cost.ts" },
  { floor: 2, path: "src/service_tier.ts" },
  { floor: 2, path: "src/event.ts" },
  { floor: 2, path: "src/connection_error.ts" },
  { floor: 2, path: "src/watched_fetch.ts" },
  { floor: 2, path: "src/http.ts" },
  { floor: 2, path: "src/attempt.ts" },
  {
    floor: 2,
    path: "src/otel/",
    only: [
      "src/otel_types.ts",
      "src/version.ts",
      "src/runtime.ts",
      "src/quietly.ts",
      "src/text.ts",
      "src/url.ts",
      "src/error.ts",
      "src/deadline.ts",
      "src/body_reader.ts",
      "src/retry.ts",
    ],
  },

  { floor: 3, path: "src/language_model.ts", never: ["src/http.ts", "src/attempt.ts", "src/otel/"] },
  {
    floor: 3,
    path: "src/options_check.ts",
    only: ["src/error.ts", "src/option_rules.ts", "src/shapes.ts", "src/language_model.ts"],
  },
  {
    floor: 3,
    path: "src/client_options_check.ts",
    only: ["src/error.ts", "src/option_rules.ts", "src/shapes.ts", "src/options_check.ts"],
  },
  { floor: 3, path: "src/step_observer.ts", never: ["src/http.ts", "src/attempt.ts", "src/otel/"] },

  { floor: 4, path: "src/run.ts", never: ["src/otel/"] },
  { floor: 4, path: "src/event_reader.ts", never: ["src/http.ts", "src/attempt.ts", "src/otel/"] },
  { floor: 4, path: "src/structured.ts", never: ["src/http.ts", "src/attempt.ts", "src/otel/"] },
  { floor: 4, path: "src/agent/", never: ["src/http.ts", "src/attempt.ts", "src/otel/"] },
  { floor: 4, path: "src/client.ts", never: ["src/http.ts", "src/attempt.ts", "src/otel/", "src/agent/"] },
  {
    floor: 4,
    path: "src/provider.ts",
    never: ["src/http.ts", "src/attempt.ts", "src/otel/", "src/run.ts", "src/agent/", "src/client.ts"],
  },
  {
    floor: 4,
    path: "src/fold.ts",
    never: ["src/http.ts", "src/attempt.ts", "src/otel/", "src/run.ts", "src/agent/", "src/client.ts"],
  },
  // Last on its floor, so that nothing beside it weaves telemetry in.
  {
    floor: 4,
    path: "src/telemetry/",
    never: ["src/run.ts", "src/agent/", "src/client.ts", "src/provider.ts", "src/fold.ts"],
  },

  {
    floor: 5,
    path: "src/providers/",
    never: ["src/http.ts", "src/attempt.ts", "src/otel/", "src/agent/", "src/client.ts", "src/telemetry/"],
  },
  { floor: 5, path: "src/secrecy.ts", never: ["src/providers/", "src/otel/", "src/telemetry/"] },
  { floor: 5, path: "src/connection.ts", never: ["src/providers/", "src/otel/", "src/telemetry/"] },
  { floor: 5, path: "src/conclude.ts", never: ["src/providers/", "src/otel/", "src/telemetry/"] },
  { floor: 5, path: "src/prologue.ts", never: ["src/providers/", "src/otel/", "src/telemetry/"] },
  { floor: 5, path: "src/exchange.ts", never: ["src/providers/", "src/otel/", "src/telemetry/"] },
  {
    floor: 5,
    path: "src/connect.ts",
    never: ["src/providers/", "src/otel/", "src/agent/", "src/client.ts", "src/telemetry/"],
  },
  { floor: 5, path: "src/mcp_result.ts", never: ["src/providers/", "src/connect.ts"] },
  { floor: 5, path: "src/mcp.ts", never: ["src/providers/", "src/connect.ts"] },

  { floor: 5, path: "src/sdk_fetch.ts", never: ["src/providers/", "src/otel/", "src/telemetry/"] },
  { floor: 6, path: "src/endpoint.ts" },
  { floor: 6, path: "src/create_client.ts" },
  { floor: 6, path: "src/create_reasoning_agent.ts" },
  { floor: 6, path: "src/doctor.ts" },

  { floor: 7, path: "mod.ts" },
];

/** What a user's program loads at once: from here along static imports, only `staticPackages` are reached. */
export const entries: readonly string[] = ["mod.ts", "src/telemetry/mod.ts", "src/mcp.ts"];

/** The npm packages that may be loaded with the entries. All others: types alone, or by dynamic import. */
export const staticPackages: readonly string[] = ["@opentelemetry/api", "eventsource-parser"];

/** OpenTelemetry's SDK, which only `sdkFolder` imports, in files that are themselves only reached dynamically. */
export const sdkPackage: RegExp = /^@opentelemetry\/(sdk-|resources$|otlp-transformer$|core$|exporter-|otlp-exporter-)/;

/** The folder that knows the SDK. */
export const sdkFolder = "src/otel/";

/** The one file that says `Deno` or `process`. */
export const runtimeFile = "src/runtime.ts";

/** Longest file, in lines. */
export const maxLines = 300;

/** Generated data: no cap on its length, and the names in it are not ours. */
export const generated: readonly string[] = ["src/catalog_data.ts"];

/** Names of telemetry, and the one file that may spell each kind. */
export const vocabulary = {
  names: {
    file: "src/telemetry/names.ts",
    prefixes: [
      "llm",
      "gen_ai",
      "reasoning",
      "evaluation",
      "http",
      "server",
      "url",
      "openai",
      "tool",
      "error",
      "exception",
      "link",
    ],
    /** Metrics of our own. */
    whole: /^llm_[a-z_]*$/,
  },
  resource: { file: "src/otel/resource.ts", prefixes: ["service", "telemetry"], whole: undefined },
  /** Strings that look like such a name and are something else: values of vendors' wires. */
  exceptions: ["reasoning.encrypted_content", "reasoning.encrypted"],
  /** File names and hosts: "error.ts", "openai.com". */
  notNames: /\.(ts|js|mjs|json|md|com|org|ai|io|dev)$/,
} as const;
