/**
 * Starts and stops the stack with Docker Compose: `deno task stack:up [variant]`, `stack:verify`, `stack:down` and
 * `stack:reset`. The variant is one of jaeger, full (the default), single, production and tempo.
 *
 * @module
 */
import { tryRun } from "./command.ts";
import { pathOf, stackFolder } from "./place.ts";
import { type Variant, variantNamed, variants } from "./variants.ts";
import { verify } from "./verify.ts";

const names = variants.map(({ name }) => name);
const usage = `usage: deno task stack:up|verify|down [${names.join("|")}]
       deno task stack:reset [${names.join("|")}] [--yes]
Without a name it is full.`;

/** What is asked for: `up full`. */
interface Asked {
  readonly variant: Variant;
  /** Given: --yes. */
  readonly yes: boolean;
}

const actions: Readonly<Record<string, (asked: Asked) => Promise<boolean>>> = {
  up: async ({ variant }) => {
    if (!await compose(variant, ["up", "--detach", "--wait"])) return false;
    for (const { name, url } of variant.pages) console.log(`${name.padEnd(12)}${url}`);
    console.log("\nIn the program's shell:\n\n  export OTEL_SDK_DISABLED=false");
    for (const [key, value] of Object.entries(variant.env)) console.log(`  export ${key}=${value}`);
    if (variant.env.OTEL_METRICS_EXPORTER === undefined) console.log("  unset OTEL_METRICS_EXPORTER");
    console.log(`\nThen: deno task stack:verify ${variant.name}`);
    return true;
  },
  verify: ({ variant }) => verify(variant),
  down: ({ variant }) => compose(variant, ["down", "--remove-orphans"]),
  reset: async ({ variant, yes }) => {
    const question = `Delete all traces, metrics and settings of "${variant.name}"?`;
    if (!yes && !(Deno.stdin.isTerminal() && confirm(question))) {
      console.error("not confirmed, and nothing was deleted: without a terminal use --yes");
      return false;
    }
    return await compose(variant, ["down", "--remove-orphans", "--volumes"]);
  },
};

/** Runs Docker Compose on a variant's file; the words say what is missing where it cannot. */
async function compose({ file }: Variant, args: readonly string[]): Promise<boolean> {
  const probe = await tryRun("docker", ["compose", "version"]);
  if (probe?.success !== true) {
    console.error(
      probe === undefined
        ? "There is no docker on this machine: https://docs.docker.com/get-started/get-docker/"
        : "This docker has no Compose plugin: https://docs.docker.com/compose/install/linux/",
    );
    return false;
  }
  const command = new Deno.Command("docker", {
    args: ["compose", "--file", file, ...args],
    cwd: pathOf(stackFolder),
    // Compose reads the file before it stops anything, and would ask for a password that nobody needs any more.
    env: args[0] === "down" && !Deno.env.get("GRAFANA_PASSWORD") ? { GRAFANA_PASSWORD: "not-needed" } : {},
  });
  return (await command.spawn().status).success;
}

/** What the command line asks for, or what is wrong with it. */
function parse([action = "", ...rest]: readonly string[]): { act: () => Promise<boolean> } | string {
  const act = actions[action];
  if (act === undefined) return action === "" ? "nothing to do" : `unknown action "${action}"`;
  const flags = rest.filter((argument) => argument.startsWith("-"));
  const unknown = flags.find((flag) => flag !== "--yes" || action !== "reset");
  if (unknown !== undefined) return `stack:${action} knows no ${unknown}`;
  const [name = "full", surplus] = rest.filter((argument) => !argument.startsWith("-"));
  if (surplus !== undefined) return `one variant at a time, and not "${surplus}" as well`;
  const variant = variantNamed(name);
  return variant === undefined
    ? `there is no variant "${name}"`
    : { act: () => act({ variant, yes: flags.length > 0 }) };
}

if (import.meta.main) {
  const asked = Deno.args.some((argument) => argument === "--help" || argument === "-h") ? undefined : parse(Deno.args);
  if (asked === undefined) console.log(usage);
  else if (typeof asked === "string") {
    console.error(`${asked}\n${usage}`);
    Deno.exitCode = 2;
  } else if (!await asked.act()) Deno.exitCode = 1;
}
