/**
 * Where the demo asks and where its telemetry goes: to servers on this machine, unless the environment names others.
 *
 * @module
 */
import { type Client, type ClientOptions, createClient } from "@sik/llms";
import { answers } from "./answers.ts";
import { openaiKey } from "./dot_env.ts";
import { type OtlpReceiver, startReceiver } from "./otlp_receiver.ts";
import { startScriptedOpenai } from "./scripted_openai.ts";

/** What the demo plays on. */
export interface Stage extends AsyncDisposable {
  /** Undefined where OpenAI itself is asked. */
  readonly vendorUrl: string | undefined;
  /** Undefined where the environment names a collector of the user's own. */
  readonly receiver: OtlpReceiver | undefined;
  /** Where the telemetry goes, without what may be secret in it. */
  readonly collector: string;
  /** Makes a client for the vendor. */
  client(model: string, options?: ClientOptions): Client;
}

const endpoints = [
  "OTEL_EXPORTER_OTLP_ENDPOINT",
  "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
  "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
];

/** Opens the stage: a scripted OpenAI where there is no key, a receiver where the environment names no collector. */
export function openStage(): Stage {
  const vendor = openaiKey() === undefined ? startScriptedOpenai(answers) : undefined;
  const [endpoint] = endpoints.map((name) => Deno.env.get(name)?.trim()).filter(Boolean);
  const receiver = endpoint === undefined ? startReceiver() : undefined;
  return {
    vendorUrl: vendor?.baseUrl,
    receiver,
    collector: receiver?.url ?? publicPart(endpoint ?? ""),
    client: (model, options) =>
      createClient(model, vendor === undefined ? options : { ...options, baseUrl: vendor.baseUrl }),
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
