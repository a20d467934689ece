/**
 * The contract in a worker of Cloudflare's; telemetry is configured by its bindings.
 *
 * @module
 */
import { play } from "./program.ts";
import { configureTelemetry, flushTelemetry } from "@sik/llms";

/** What is used of a request's context. */
interface Context {
  waitUntil(promise: Promise<unknown>): void;
}

let configured = false;

export default {
  async fetch(request: Request, env: Readonly<Record<string, string>>, context: Context): Promise<Response> {
    if (!configured) configureTelemetry({ env });
    configured = true;
    const told = await play(await request.json());
    context.waitUntil(flushTelemetry());
    return Response.json(told);
  },
};
