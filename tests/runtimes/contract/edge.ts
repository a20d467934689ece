/**
 * The contract in an edge function of Vercel's; telemetry is configured by the environment alone.
 *
 * @module
 */
import { play } from "./program.ts";
import { flushTelemetry } from "@sik/llms";

/** What is used of a request's context. */
interface Context {
  waitUntil(promise: Promise<unknown>): void;
}

/** The function. */
export default async function answer(request: Request, context: Context): Promise<Response> {
  const told = await play(await request.json());
  context.waitUntil(flushTelemetry());
  return Response.json(told);
}
