// Somebody else's providers are used instead of ours, whichever copy of OpenTelemetry's API and SDK they come from.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { ROOT, runWell } from "../../scripts/child.ts";
import { lastValue, METRICS } from "../runtimes/expected.ts";
import { installedProject, type Toolbox, toolbox } from "../runtimes/toolbox.ts";
import { type Played, type Stage, stage } from "./stage.ts";

const ON = { OTEL_SDK_DISABLED: "false" };
const OTEL2 = "tests/runtimes/otel2";
const ALL = ["traces", "metrics", "context"];
const TREE = ["http.request", "llm.openai.stream", "llm.request", "the user's own"];
const IGNORED =
  "A telemetry provider is already registered: it is used, and the exporters configured here are ignored.";

/** A user's program: an SDK with a copy of the API, under a runtime. */
interface User {
  readonly title: string;
  /** Plays one of the cases; gives what it printed and what it wrote to stderr. */
  play(on: Stage, name: string, registered?: readonly string[]): Promise<Pick<Played, "found" | "stderr">>;
}

const config = JSON.parse(await Deno.readTextFile(new URL(`${OTEL2}/deno.json`, ROOT)));
/** The packages of the 2.x line, as npm is told of them. */
const packages = Object.values<string>(config.imports).filter((specifier) => specifier.startsWith("npm:"))
  .map((specifier) => specifier.slice("npm:".length));

/** What the program is type-checked with. */
const TYPES = ["typescript@^6.0.3", "@types/node@^22.15.0"];

let tools: Toolbox;
/** Of npm, with the artifact. */
let project: string;
/** Of Deno, with the sources. */
let denoProject: string;

Deno.test.beforeAll(async () => {
  denoProject = await Deno.makeTempDir({ prefix: "sik-llms-deno-" });
  [tools, project] = await Promise.all([toolbox(), installedProject([...packages, ...TYPES])]);
  for (const name of ["user_program.ts", "user_sdk2.ts"]) {
    for (const folder of [project, denoProject]) {
      await Deno.copyFile(new URL(`${OTEL2}/${name}`, ROOT), `${folder}/${name}`);
    }
  }
  // Outside the repository, else Deno resolves the program's imports by the library's configuration.
  const imports = { ...config.imports, "@sik/llms": new URL("mod.ts", ROOT).href };
  await Deno.writeTextFile(`${denoProject}/deno.json`, JSON.stringify({ imports }));
  await runWell(Deno.execPath(), ["cache", "user_sdk2.ts"], { cwd: denoProject });
});

Deno.test.afterAll(async () => {
  for (const folder of [project, denoProject]) await Deno.remove(folder, { recursive: true });
});

/** The library has a copy of the API beside the program's: so npm installs it, and so Deno resolves it. */
function ofLine2(title: string, command: () => readonly [program: string, ...args: string[]], cwd: () => string): User {
  return {
    title: `SDK 2.x with API 1.9 beside the library's 1.10, under ${title}`,
    async play({ vendor, receiver }, name, registered = []) {
      const [program, ...args] = command();
      const addresses = { OPENAI_BASE_URL: vendor.url, OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url };
      const { stdout, stderr } = await runWell(program, [...args, "user_sdk2.ts", name, JSON.stringify(registered)], {
        cwd: cwd(),
        env: { ...ON, ...addresses, OPENAI_API_KEY: "test" },
      });
      return { found: JSON.parse(stdout), stderr };
    },
  };
}

const line3: User = {
  title: "SDK 3.x with the library's API 1.10",
  play: (on, name, argument) => on.play({ program: "tests/otel/user_sdk3.ts", name, argument, env: ON }),
};
const strip = ["--experimental-strip-types", "--no-warnings"];
const line2: readonly User[] = [
  ofLine2("Deno", () => [Deno.execPath(), "run", "-A"], () => denoProject),
  ofLine2("Node", () => [tools.node, ...strip], () => project),
  ofLine2("Bun", () => [tools.bun], () => project),
];

const namesOf = (spans: readonly { readonly name: string }[]) => spans.map(({ name }) => name);

for (const user of [line3, ...line2]) {
  Deno.test(`${user.title}: the user's providers receive all of it, once, and nobody else any of it`, async () => {
    await using on = stage();
    const { found, stderr } = await user.play(on, "early", ALL);
    assertEquals(found.state, { rule: "user", traces: true, metrics: true, contextManager: true, deno: false });
    assertEquals(namesOf(found.spans), [...TREE, "by the library's tracer"]);
    const [http, stream, request, own] = found.spans;
    assertEquals([http.parentSpanId, stream.parentSpanId], [stream.spanId, request.spanId]);
    assertEquals([request.parentSpanId, own.parentSpanId], [own.spanId, undefined]);
    assertEquals(found.metrics, [...METRICS, "library_total"].sort());
    assertEquals([on.receiver.requests(), stderr], [[], ""]);
    // They were flushed, else nothing would be there; how much that was only they know.
    const zero = { exported: 0, failed: 0, dropped: 0 };
    assertEquals(found.flushed, { spans: zero, metrics: zero, timedOut: false, errors: [] });
  });

  Deno.test(`${user.title}: a signal that the user did not register goes nowhere`, async () => {
    await using on = stage();
    const traces = await user.play(on, "early", ["traces"]);
    assertEquals([traces.found.state.rule, traces.found.state.metrics, traces.found.metrics], ["user", false, []]);
    assertEquals(traces.found.spans.length, 5);
    const metrics = await user.play(on, "early", ["metrics"]);
    assertEquals([metrics.found.state.rule, metrics.found.state.traces, metrics.found.spans], ["user", false, []]);
    assertEquals(metrics.found.metrics, [...METRICS, "library_total"].sort());
    assertEquals(on.receiver.requests(), []);
  });

  Deno.test(`${user.title}: an exporter given all the same is ignored, and one warning says so`, async () => {
    await using on = stage();
    const { found, stderr } = await user.play(on, "ignored", ALL);
    assertEquals(namesOf(found.spans), [...TREE, ...TREE]);
    assertEquals([on.receiver.requests(), stderr], [[], `[sik-llms] ${IGNORED}\n`]);
  });

  Deno.test(`${user.title}: what the user makes by that API flows once zero-config has registered`, async () => {
    await using on = stage();
    const { found, stderr } = await user.play(on, "zeroConfig");
    assertEquals([found.state.rule, found.spans, found.metrics, stderr], ["zero-config", [], [], ""]);
    assertEquals(namesOf(on.receiver.spans()), TREE);
    const [, , request, own] = on.receiver.spans();
    assertEquals([request?.parentSpanId, request?.traceId], [own?.spanId, own?.traceId]);
    assertEquals(lastValue(on.receiver, "trips_total"), 1);
  });

  Deno.test(`${user.title}: providers registered after zero-config's are refused, and one warning says so`, async () => {
    await using on = stage();
    const { found, stderr } = await user.play(on, "tooLate", ["traces", "metrics"]);
    assertEquals([found.state.rule, found.spans, found.metrics], ["zero-config", [], []]);
    assertEquals(namesOf(on.receiver.spans()), TREE);
    assertStringIncludes(stderr, "[sik-llms] A telemetry provider was registered after this library's own");
    assertEquals(stderr.trim().split("\n").length, 1);
  });

  Deno.test(`${user.title}: exporters of that line can be handed in`, async () => {
    await using on = stage();
    const { found, stderr } = await user.play(on, "handedIn");
    assertEquals([found.state.rule, namesOf(found.spans), stderr], ["zero-config", TREE, ""]);
    assertEquals(found.metrics, [...METRICS].sort());
    assertEquals([found.flushed.spans.exported, found.flushed.errors], [4, []]);
    assertEquals(on.receiver.requests(), []);
  });
}

for (const user of line2) {
  Deno.test(`${user.title}: a registry that the older copy holds costs one warning, and the library's own flows`, async () => {
    await using on = stage();
    const { found: { before, after }, stderr } = await user.play(on, "refused", ["context"]);
    assertEquals(before.state, { rule: "zero-config", traces: true, metrics: true, contextManager: true, deno: false });
    assertEquals([before.flushed.spans.exported, before.spans], [3, []]);
    assertEquals(namesOf(on.receiver.spans()), TREE.slice(0, 3));
    assertEquals(lastValue(on.receiver, "llm_requests_total"), 1);
    assertEquals(lastValue(on.receiver, "library_total"), 1);
    assertEquals(stderr.match(/Another version of @opentelemetry\/api holds/g)?.length, 1);
    assertEquals(stderr.trim().split("\n").length, 1);
    // Then the user registers traces after all: seen, and flushed, and no span goes both ways.
    assertEquals([after.state.rule, namesOf(after.spans)], ["user", TREE]);
  });
}

Deno.test("a program on SDK 2.x type-checks against the artifact, whatever it hands in", async () => {
  const module = ["--module", "nodenext", "--target", "es2024", "--allowImportingTsExtensions"];
  const checks = ["--strict", "--noEmit", "--types", "node", "--lib", "es2024,dom,esnext.disposable"];
  await runWell(tools.node, ["node_modules/typescript/bin/tsc", ...module, ...checks, "user_sdk2.ts"], {
    cwd: project,
  });
});
