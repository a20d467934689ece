/**
 * The contract in a process of its own, of Deno, Node or Bun; telemetry is configured by the environment alone.
 *
 * @module
 */
import { play } from "./program.ts";

const { process } = globalThis as unknown as { readonly process: { readonly argv: readonly string[] } };

console.log(JSON.stringify(await play(JSON.parse(process.argv[2] ?? ""))));
