/**
 * Runs the feeding program, round by round.
 *
 * @module
 */
import { configFlags } from "../configured.ts";
import type { Told } from "./feed.ts";
import { pathOf } from "./place.ts";

/** The feeding program. */
export interface Feeder extends AsyncDisposable {
  /** Feeds once more and tells what there must be now. */
  round(): Promise<Told>;
}

const feed = pathOf(new URL("feed.ts", import.meta.url));

/** Starts the feeding program; its telemetry goes to `endpoint`. */
export async function startFeeder(
  service: string,
  endpoint: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Feeder> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", ...await configFlags(), feed],
    env: {
      OTEL_SDK_DISABLED: "false",
      OTEL_SERVICE_NAME: service,
      OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
      OTEL_METRIC_EXPORT_INTERVAL: "1000",
      ...env,
    },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const errors = new Response(child.stderr).text();
  const input = child.stdin.getWriter();
  const output = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  return {
    async round() {
      await input.write(new TextEncoder().encode("\n"));
      while (!rest.includes("\n")) {
        const { value, done } = await output.read();
        if (done) throw new Error(`the feeding program ended:\n${await errors}`);
        rest += value;
      }
      const end = rest.indexOf("\n");
      const line = rest.slice(0, end);
      rest = rest.slice(end + 1);
      return JSON.parse(line);
    },
    async [Symbol.asyncDispose]() {
      await input.close().catch(() => {});
      for (let done = false; !done;) done = (await output.read()).done;
      const { success } = await child.status;
      if (!success) throw new Error(`the feeding program failed:\n${await errors}`);
    },
  };
}
