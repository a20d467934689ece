// The same six lines on every runtime: the answer, and its trace and metrics, without a line about telemetry.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { startReceiver } from "../support/otlp_receiver.ts";
import { ANSWER, startChatServer } from "./chat_server.ts";
import { denoArgs, runWell } from "../../scripts/child.ts";
import { assertCallsArrived } from "./expected.ts";
import { auditedRun, packagesOf } from "./observed.ts";
import { bareCopy, bundle, installedProject, type Toolbox, toolbox } from "./toolbox.ts";
import { startWorker, type Worker, writeWorkerConfig } from "./workerd.ts";

const PROGRAM = new URL("six_lines/main.ts", import.meta.url);
const NO_ENV = "tests/runtimes/six_lines/no_env.ts";
const SIX_LINES = "tests/runtimes/six_lines/main.ts";
const VARIABLES = ["OPENAI_API_KEY", "OPENAI_BASE_URL"];

let tools: Toolbox;
let project: string;

Deno.test.beforeAll(async () => {
  [tools, project] = await Promise.all([toolbox(), installedProject()]);
  await Deno.copyFile(PROGRAM, `${project}/main.mjs`);
});

Deno.test.afterAll(() => Deno.remove(project, { recursive: true }));

/** The environment of the six lines; `on` asks for telemetry. */
function variables(vendor: string, receiver: string, on: boolean): Record<string, string> {
  return {
    OPENAI_API_KEY: "test",
    OPENAI_BASE_URL: vendor,
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver,
    ...on ? { OTEL_SDK_DISABLED: "false" } : {},
  };
}

/** The six lines as a worker, without Node compatibility. */
async function sixLinesWorker(env: Readonly<Record<string, string>>): Promise<Worker> {
  await Deno.copyFile(new URL("six_lines/worker.ts", import.meta.url), `${project}/worker.ts`);
  await bundle(`${project}/worker.ts`, `${project}/worker.js`, { conditions: ["workerd", "worker", "browser"] });
  const options = { bindings: Object.keys(env), compatibilityDate: "2025-05-05" };
  await writeWorkerConfig(`${project}/worker.capnp`, "worker.js", options);
  return await startWorker(tools.workerd, `${project}/worker.capnp`, { env });
}

Deno.test("under Deno six lines deliver trace and metrics before they exit, with the least permissions", async () => {
  await using vendor = startChatServer();
  await using receiver = startReceiver();
  const hosts = `${vendor.host},${new URL(receiver.url).host}`;
  const permissions = ["--no-prompt", `--allow-net=${hosts}`, `--allow-env=${VARIABLES},OTEL_*`];
  const ended = await runWell(Deno.execPath(), await denoArgs("run", ...permissions, SIX_LINES), {
    env: variables(vendor.url, receiver.url, true),
  });
  assertEquals(ended, { code: 0, stdout: `${ANSWER}\n`, stderr: "" });
  assertCallsArrived(receiver, vendor);
});

Deno.test("under Deno six lines load no SDK and reach nobody but the vendor while telemetry is off", async () => {
  await using vendor = startChatServer();
  await using receiver = startReceiver();
  const permissions = ["--no-prompt", `--allow-net=${vendor.host}`, `--allow-env=${VARIABLES},OTEL_*`];
  const ended = await auditedRun([...permissions, SIX_LINES], {
    env: variables(vendor.url, receiver.url, false),
  });
  assertEquals(ended.stdout, `${ANSWER}\n`);
  assertEquals(receiver.requests(), []);
  assertEquals(ended.hosts, [vendor.host]);
  assertEquals(ended.permissions, ["env", "net"]);
  assertEquals(packagesOf(ended.modules).filter((name) => name.startsWith("@opentelemetry/")), ["@opentelemetry/api"]);
});

Deno.test("under Deno the SDK is among the loaded modules once telemetry is on", async () => {
  await using vendor = startChatServer();
  await using receiver = startReceiver();
  const { hosts, modules } = await auditedRun(["-A", SIX_LINES], { env: variables(vendor.url, receiver.url, true) });
  assertEquals(hosts, [new URL(receiver.url).host, vendor.host].sort());
  assert(packagesOf(modules).includes("@opentelemetry/sdk-trace"), "else the test above proves nothing");
});

Deno.test("under Deno the least permission is enough, and the environment is not asked for", async () => {
  await using vendor = startChatServer();
  await using receiver = startReceiver();
  const on = { OTEL_SDK_DISABLED: "false" }; // Not permitted to be read, so it says nothing.
  const off = await auditedRun(["--no-prompt", "--allow-net", NO_ENV, vendor.url], { env: on });
  assertEquals([off.stdout, off.hosts, off.permissions], [`${ANSWER}\n`, [vendor.host], ["net"]]);
  assertEquals(receiver.requests(), []);
});

Deno.test("under Deno options alone deliver trace and metrics where the environment may not be read", async () => {
  await using vendor = startChatServer();
  await using receiver = startReceiver();
  const ended = await auditedRun(["--no-prompt", "--allow-net", NO_ENV, vendor.url, receiver.url], {});
  assertEquals([ended.stdout, ended.permissions], [`${ANSWER}\n`, ["net"]]);
  assertCallsArrived(receiver, vendor);
});

for (const runtime of ["bun", "node"] as const) {
  Deno.test(`under ${runtime} six lines deliver trace and metrics before they exit`, async () => {
    await using vendor = startChatServer();
    await using receiver = startReceiver();
    const ended = await runWell(tools[runtime], ["main.mjs"], {
      cwd: project,
      env: variables(vendor.url, receiver.url, true),
    });
    assertEquals(ended, { code: 0, stdout: `${ANSWER}\n`, stderr: "" });
    assertCallsArrived(receiver, vendor);
  });

  Deno.test(`under ${runtime} six lines need no SDK and reach nobody but the vendor while telemetry is off`, async () => {
    await using vendor = startChatServer();
    await using receiver = startReceiver();
    await using bare = await bareCopy(project);
    const ended = await runWell(tools[runtime], ["main.mjs"], {
      cwd: bare.folder,
      env: variables(vendor.url, receiver.url, false),
    });
    assertEquals(ended, { code: 0, stdout: `${ANSWER}\n`, stderr: "" });
    assertEquals([vendor.requests().length, receiver.requests()], [1, []]);
  });

  Deno.test(`under ${runtime} a missing SDK costs the telemetry and one line, not the answer`, async () => {
    await using vendor = startChatServer();
    await using receiver = startReceiver();
    await using bare = await bareCopy(project);
    const ended = await runWell(tools[runtime], ["main.mjs"], {
      cwd: bare.folder,
      env: variables(vendor.url, receiver.url, true),
    });
    assertEquals(ended.stdout, `${ANSWER}\n`);
    assertStringIncludes(ended.stderr, "[sik-llms] OpenTelemetry's SDK could not be loaded; telemetry is off.");
    assertEquals(ended.stderr.trim().split("\n").length, 1);
    assertEquals(receiver.requests(), []);
  });
}

Deno.test("in workerd, without its Node compatibility, every request delivers a tree of its own", async () => {
  const both = Promise.withResolvers<void>();
  await using vendor = startChatServer({
    async respond(attempt) {
      if (attempt === 2) both.resolve();
      await both.promise; // The first two are answered once both are there.
      return undefined;
    },
  });
  await using receiver = startReceiver();
  await using worker = await sixLinesWorker(variables(vendor.url, receiver.url, true));

  // Both are the isolate's first: the SDK is loaded in either, and neither waits for the other's promises.
  assertEquals(await Promise.all([worker.ask(), worker.ask()]), [ANSWER, ANSWER]);
  await receiver.waitFor(({ spans, metrics }) => spans().length >= 6 && metrics().length > 0);
  await new Promise((resolve) => setTimeout(resolve, 1_500)); // Idle: what is tested is that time goes by.
  assertEquals(await worker.ask(), ANSWER);
  await receiver.waitFor(({ spans }) => spans().length >= 9);
  await receiver.waitFor(({ requests }) => requests().at(-1)?.signal === "metrics");
  assertCallsArrived(receiver, vendor, 3);
  assertEquals(worker.log(), "");
});

Deno.test("in workerd nothing leaves the worker but the request while telemetry is off", async () => {
  await using vendor = startChatServer();
  await using receiver = startReceiver();
  await using worker = await sixLinesWorker(variables(vendor.url, receiver.url, false));
  assertEquals(await worker.ask(), ANSWER);
  assertEquals([vendor.requests().length, receiver.requests(), worker.log()], [1, [], ""]);
});
