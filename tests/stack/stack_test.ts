// The task that a user runs, with a docker on PATH that writes down what it was told.
import { assert, assertEquals } from "@std/assert";
import { variantNamed } from "../../scripts/stack/variants.ts";
import { verify } from "../../scripts/stack/verify.ts";

const root = new URL("../../", import.meta.url);

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** A line per call: the password, and the arguments. */
  readonly calls: readonly string[];
}

/** The words that a docker without its plugin answers to `docker compose version`. */
const noPlugin = `#!/bin/sh
echo "docker: 'compose' is not a docker command." >&2
exit 1
`;
const withPlugin = `#!/bin/sh
echo "[$GRAFANA_PASSWORD] $*" >> "$(dirname "$0")/calls"
`;

async function stack(
  args: readonly string[],
  docker: string | undefined = withPlugin,
  password = "",
): Promise<Outcome> {
  const bin = await Deno.makeTempDir();
  try {
    // An absolute path to sh, and only what the fake needs on PATH: no docker of this machine is ever asked.
    if (docker !== "") await Deno.writeTextFile(`${bin}/docker`, docker, { mode: 0o755 });
    await Deno.symlink("/usr/bin/dirname", `${bin}/dirname`);
    const { PATH: _path, GRAFANA_PASSWORD: _password, ...env } = Deno.env.toObject();
    const output = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--quiet", "--no-lock", "scripts/stack/stack.ts", ...args],
      cwd: root,
      clearEnv: true,
      env: { ...env, PATH: bin, NO_COLOR: "1", ...password === "" ? {} : { GRAFANA_PASSWORD: password } },
      stdin: "null",
    }).output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    const calls = await Deno.readTextFile(`${bin}/calls`).catch(() => "");
    return {
      code: output.code,
      stdout: text(output.stdout),
      stderr: text(output.stderr),
      calls: calls.split("\n").filter((line) => line !== "" && !line.endsWith(" compose version")),
    };
  } finally {
    await Deno.remove(bin, { recursive: true });
  }
}

function test(what: string, fn: () => Promise<void>): void {
  Deno.test({ name: what, ignore: Deno.build.os === "windows", fn }); // The fake docker is for a POSIX shell.
}

test("up starts the variant and says what the program's shell needs", async () => {
  const { code, stdout, calls } = await stack(["up"]);
  assertEquals([code, calls], [0, ["[] compose --file compose.full.yaml up --detach --wait"]]);
  for (const line of ["export OTEL_SDK_DISABLED=false", "unset OTEL_METRICS_EXPORTER", "stack:verify full"]) {
    assert(stdout.includes(line), stdout);
  }
});

test("Jaeger alone has no home for metrics", async () => {
  const { stdout } = await stack(["up", "jaeger"]);
  assert(stdout.includes("export OTEL_METRICS_EXPORTER=none") && !stdout.includes("unset"), stdout);
});

test("down and reset need no password, up makes none up", async () => {
  assertEquals((await stack(["down", "production"])).calls, [
    "[not-needed] compose --file compose.production.yaml down --remove-orphans",
  ]);
  assertEquals((await stack(["reset", "production", "--yes"])).calls, [
    "[not-needed] compose --file compose.production.yaml down --remove-orphans --volumes",
  ]);
  assertEquals((await stack(["up", "production"])).calls, [
    "[] compose --file compose.production.yaml up --detach --wait",
  ]);
  assertEquals((await stack(["down", "production"], withPlugin, "mine")).calls, [
    "[mine] compose --file compose.production.yaml down --remove-orphans",
  ]);
});

test("a docker without Compose, and a machine without docker, are told in a sentence", async () => {
  const bare = await stack(["up"], noPlugin);
  assertEquals([bare.code, bare.stdout], [1, ""]);
  assert(bare.stderr.startsWith("This docker has no Compose plugin: https://"), bare.stderr);
  const none = await stack(["up"], "");
  assertEquals([none.code, none.stdout], [1, ""]);
  assert(none.stderr.startsWith("There is no docker on this machine: https://"), none.stderr);
});

test("help is help, and starts nothing", async () => {
  for (const args of [["up", "--help"], ["-h"], ["reset", "full", "--yes", "--help"]]) {
    const { code, stdout, calls } = await stack(args);
    assertEquals([code, calls], [0, []]);
    assert(stdout.startsWith("usage: deno task stack:up"), stdout);
  }
});

test("what it does not know it refuses, before anything is started", async () => {
  const wrong: readonly (readonly [readonly string[], string])[] = [
    [["up", "--detach"], "stack:up knows no --detach"],
    [["up", "--yes"], "stack:up knows no --yes"],
    [["up", "full", "tempo"], 'one variant at a time, and not "tempo" as well'],
    [["up", "loki"], 'there is no variant "loki"'],
    [["restart"], 'unknown action "restart"'],
    [[], "nothing to do"],
  ];
  for (const [args, says] of wrong) {
    const { code, stderr, calls } = await stack(args);
    assertEquals([code, calls], [2, []], args.join(" "));
    assertEquals(stderr.split("\n")[0], says);
    assert(stderr.includes("usage: deno task"), stderr);
  }
});

test("reset deletes nothing when nobody could be asked", async () => {
  const { code, stderr, calls } = await stack(["reset"]);
  assertEquals([code, calls], [1, []]);
  assert(stderr.includes("not confirmed") && stderr.includes("use --yes"), stderr);
});

Deno.test("verify says what does not answer, and how to start it", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const url = `http://127.0.0.1:${listener.addr.port}/`;
  listener.close();
  const full = variantNamed("full");
  assert(full !== undefined);
  const said: string[] = [];
  const well = await verify({ ...full, health: [{ name: "Collector", url }] }, url, (line) => said.push(line));
  assertEquals([well, said], [false, [
    `FAILED  Collector: ${url} does not answer`,
    "Is it up? deno task stack:up full",
  ]]);
});
