/**
 * The packages of the peers, none of which is a dependency of this repository.
 *
 * @module
 */

/** What stands for each name on npm. Exact, so that two runs measure the same. */
const VERSIONS = {
  "@ai-sdk/openai": "4.0.118",
  "@ai-sdk/otel": "1.0.173",
  "@opentelemetry/context-async-hooks": "3.1.1",
  "@opentelemetry/instrumentation-openai": "0.21.0",
  "@tanstack/ai": "0.58.0",
  "@tanstack/ai-openai": "0.23.1",
  "@traceloop/node-server-sdk": "0.27.0",
  "ai": "7.0.173",
  /** The last of the versions that instrumentations know. */
  "openai-6": "npm:openai@6.41.0",
} as const;

/** The name of a package, as it is imported. */
export type PeerName = keyof typeof VERSIONS;

/** Loads a package, or what lies at `path` in it, whatever the runtime. */
export async function load<Exports>(name: PeerName, path = ""): Promise<Exports> {
  return await import("Deno" in globalThis ? forDeno(name) + path : name + path);
}

/** All of them, as npm installs them. */
export function forNpm(): readonly string[] {
  return Object.entries(VERSIONS).map(([name, version]) => `${name}@${version}`);
}

function forDeno(name: PeerName): string {
  const version = VERSIONS[name];
  return version.startsWith("npm:") ? version : `npm:${name}@${version}`;
}
