/**
 * Where the demo asks and where its telemetry goes: to servers on this machine, unless the environment names others.
 *
 * @module
 */
import { type AgentOptions, type Client, type ClientOptions, createClient, createReasoningAgent } from "@sik/llms";
import { answers } from "./answers.ts";
import { anthropicKey, openaiKey } from "./dot_env.ts";
import { type OtlpReceiver, startReceiver } from "./otlp_receiver.ts";
import { startScriptedOpenai } from "./scripted_openai.ts";

/** What the demo plays on. */
export interface Stage extends AsyncDisposable {
  /** Who is asked. */
  readonly vendor: string;
  /** Undefined where the vendor itself is asked. */
  readonly vendorUrl: string | undefined;
  /** Undefined where the environment names a collector of the user's own. */
  readonly receiver: OtlpReceiver | undefined;
  /** Where the telemetry goes, without what may be secret in it. */
  readonly collector: string;
  /** Makes a client for the vendor. */
  client(options?: ClientOptions): Client;
  /** Makes an agent that asks the vendor. */
  agent(options?: AgentOptions): Client;
}

const endpoints = [
  "OTEL_EXPORTER_OTLP_ENDPOINT",
  "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
  "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
];

/** Opens the stage: OpenAI or Anthropic, whoever there is a key for, a scripted OpenAI where there is none, a receiver where the environment names no collector. */
export function openStage(): Stage {
  const claude = openaiKey() === undefined && anthropicKey() !== undefined;
  const model = claude ? "claude-haiku-4-5" : "gpt-4o-mini";
  const vendor = openaiKey() ?? anthropicKey() ? undefined : startScriptedOpenai(answers);
  const at = vendor === undefined ? {} : { baseUrl: vendor.baseUrl };
  const [endpoint] = endpoints.map((name) => Deno.env.get(name)?.trim()).filter(Boolean);
  const receiver = endpoint === undefined ? startReceiver() : undefined;
  return {
    vendor: claude ? "Anthropic" : "OpenAI",
    vendorUrl: vendor?.baseUrl,
    receiver,
    collector: receiver?.url ?? publicPart(endpoint ?? ""),
    client: (options) => createClient(model, { ...options, ...at }),
    agent: (options) => createReasoningAgent(model, { ...options, ...at }),
    async [Symbol.asyncDispose]() {
      await Promise.all([vendor?.close(), receiver?.close()]);
    },
  };
}

/** A URL without user, password and query. */
function publicPart(url: string): string {
  if (!URL.canParse(url)) return "the endpoint of the environment";
  const { origin, pathname } = new URL(url);
  return origin + (pathname === "/" ? "" : pathname);
}
