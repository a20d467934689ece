// What a program loads by importing the library: the SDK of OpenTelemetry is not among it.
import { assert, assertEquals } from "@std/assert";
import { denoArgs, runWell } from "../scripts/child.ts";

/** `deno info --json`, as far as it is read here. */
interface Graph {
  readonly roots: readonly string[];
  readonly redirects: Readonly<Record<string, string>>;
  readonly modules: readonly {
    readonly specifier: string;
    readonly dependencies?: readonly {
      /** Missing when only types are imported. */
      readonly code?: { readonly specifier: string };
      readonly isDynamic?: boolean;
    }[];
  }[];
}

const SDK = [
  "@opentelemetry/otlp-transformer",
  "@opentelemetry/resources",
  "@opentelemetry/sdk-metrics",
  "@opentelemetry/sdk-trace",
];

async function graphOf(entry: string): Promise<Graph> {
  return JSON.parse((await runWell(Deno.execPath(), await denoArgs("info", "--json", entry))).stdout);
}

/** The specifiers that are reached from the roots. */
function reached({ roots, redirects, modules }: Graph, dynamic: boolean): string[] {
  const bySpecifier = new Map(modules.map((module) => [module.specifier, module]));
  const seen = new Set<string>();
  const visit = (specifier: string): void => {
    const target = redirects[specifier] ?? specifier;
    if (seen.has(target)) return;
    seen.add(target);
    for (const { code, isDynamic } of bySpecifier.get(target)?.dependencies ?? []) {
      if (code !== undefined && (dynamic || isDynamic !== true)) visit(code.specifier);
    }
  };
  roots.forEach(visit);
  return [...seen];
}

/** The packages of OpenTelemetry among specifiers. */
function opentelemetry(specifiers: readonly string[]): string[] {
  return specifiers.flatMap((specifier) => /^npm:\/?(@opentelemetry\/[^@/]+)/.exec(specifier)?.[1] ?? []).sort();
}

for (const entry of ["mod.ts", "src/telemetry/mod.ts"]) {
  Deno.test(`every edge from ${entry} to the SDK is dynamic`, async () => {
    const graph = await graphOf(entry);
    assertEquals(opentelemetry(reached(graph, false)), ["@opentelemetry/api"]);
    assertEquals(opentelemetry(reached(graph, true)), ["@opentelemetry/api", ...SDK], "the SDK is reached at all");
  });
}

Deno.test("telemetry can be configured without loading a client", async () => {
  const modules = reached(await graphOf("src/telemetry/mod.ts"), true);
  assert(!modules.some((specifier) => /\/src\/(?:create_client|client|connect|providers\/.*)\.ts$/.test(specifier)));
});
