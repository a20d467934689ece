/**
 * Starts and stops the stack with Docker Compose: `deno task stack:up [variant]`, `stack:verify`, `stack:down` and
 * `stack:reset`. The variant is one of jaeger, full (the default), single, production and tempo.
 *
 * @module
 */
import { pathOf, stackFolder } from "./place.ts";
import { type Variant, variantNamed } from "./variants.ts";
import { verify } from "./verify.ts";

const actions: Readonly<Record<string, (variant: Variant) => Promise<boolean>>> = {
  up: async (variant) => {
    if (!await compose(variant, ["up", "--detach", "--wait"])) return false;
    for (const { name, url } of variant.pages) console.log(`${name.padEnd(12)}${url}`);
    console.log("\nIn the program's shell:\n\n  export OTEL_SDK_DISABLED=false");
    for (const [key, value] of Object.entries(variant.env)) console.log(`  export ${key}=${value}`);
    console.log(`\nThen: deno task stack:verify ${variant.name}`);
    return true;
  },
  verify: (variant) => verify(variant),
  down: (variant) => compose(variant, ["down", "--remove-orphans"]),
  reset: async (variant) => {
    const sure = Deno.args.includes("--yes") ||
      confirm(`Delete all traces, metrics and settings of "${variant.name}"?`);
    return sure && await compose(variant, ["down", "--remove-orphans", "--volumes"]);
  },
};

/** Runs Docker Compose on a variant's file; the words say what is missing where it cannot. */
async function compose({ file }: Variant, args: readonly string[]): Promise<boolean> {
  try {
    const command = new Deno.Command("docker", {
      args: ["compose", "--file", file, ...args],
      cwd: pathOf(stackFolder),
    });
    return (await command.spawn().status).success;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    console.error("There is no docker on this machine: https://docs.docker.com/get-started/get-docker/");
    return false;
  }
}

if (import.meta.main) {
  const [action = "", name = "full"] = Deno.args.filter((argument) => !argument.startsWith("--"));
  const variant = variantNamed(name);
  const act = actions[action];
  if (variant === undefined || act === undefined) {
    console.error("usage: deno task stack:up|verify|down|reset [jaeger|full|single|production|tempo] [--yes]");
    Deno.exit(2);
  }
  if (!await act(variant)) Deno.exitCode = 1;
}
