// Who decides whether telemetry is on, rule by rule, each case in a process of its own: switch_program.ts.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { assertCallsArrived } from "../runtimes/expected.ts";
import { packagesOf } from "../runtimes/observed.ts";
import { type Played, type Stage, stage } from "./stage.ts";

const program = "tests/otel/switch_program.ts";
const ON = { before: true, rule: "zero-config", traces: true, metrics: true };
const OFF = { before: false, rule: "off", traces: false, metrics: false };

/** No span, no metric, no socket but the vendor's, no module of the SDK. */
function assertSilent(on: Stage, { hosts, modules }: Played): void {
  assertEquals(on.receiver.requests(), []);
  assertEquals(hosts.filter((host) => host !== on.vendor.host), []);
  assertEquals(packagesOf(modules).filter((name) => name.startsWith("@opentelemetry/")), ["@opentelemetry/api"]);
}

/** Deno reads the variable for its own telemetry too, and says so of `0` and `no`. */
function withoutDenosOwn(stderr: string): string {
  return stderr.replaceAll(/^'OTEL_SDK_DISABLED' env var value not recognized.*\n/gm, "");
}

// ------------------------------------------------------------------------------------------------ 1: off, always

for (const value of ["true", "TRUE", "True"]) {
  Deno.test(`OTEL_SDK_DISABLED=${value} is off, whatever else is asked for`, async () => {
    await using on = stage();
    const env = { OTEL_SDK_DISABLED: value };
    const asked = await on.play({
      program,
      name: "configured",
      argument: { enabled: true, endpoint: on.receiver.url },
      env,
    });
    assertEquals(asked.found, OFF);
    assertSilent(on, asked);
    assertEquals(asked.stderr, "");
  });
}

Deno.test("enabled: false is off, whatever the environment says", async () => {
  await using on = stage();
  const asked = await on.play({
    program,
    name: "configured",
    argument: { enabled: false },
    env: { OTEL_SDK_DISABLED: "false" },
  });
  assertEquals(asked.found, OFF);
  assertSilent(on, asked);
});

Deno.test("OTEL_SDK_DISABLED=true and enabled: false stand above a client's own tracer", async () => {
  await using on = stage();
  const silent = { spans: [], traced: false, enabled: false };
  const byVariable = await on.play({ program, name: "ownTracer", argument: {}, env: { OTEL_SDK_DISABLED: "true" } });
  assertEquals(byVariable.found, silent);
  const byOption = await on.play({ program, name: "ownTracer", argument: { enabled: false } });
  assertEquals(byOption.found, silent);
});

Deno.test("an exporter does not switch on what OTEL_SDK_DISABLED=true switches off", async () => {
  await using on = stage();
  const { found } = await on.play({
    program,
    name: "given",
    argument: "spanExporter",
    env: { OTEL_SDK_DISABLED: "true" },
  });
  assertEquals(found, { ...OFF, spans: 0, exports: 0 });
});

// ----------------------------------------------------------------------------------- 2: somebody else's provider

for (
  const [name, env] of Object.entries({ "nothing": {}, "OTEL_SDK_DISABLED=false": { OTEL_SDK_DISABLED: "false" } })
) {
  Deno.test(`under ${name} a client's own tracer is used alone: no metrics, no exporter, no SDK of ours`, async () => {
    await using on = stage();
    const { found, hosts } = await on.play({ program, name: "ownTracer", argument: {}, env });
    const spans = ["http.request", "llm.openai.stream", "llm.request"];
    assertEquals([found.spans, found.traced], [spans, true]);
    assertEquals([hosts, on.receiver.requests()], [[on.vendor.host], []]);
  });
}

Deno.test("a provider registered late is seen by a tracer that was there before it", async () => {
  await using on = stage();
  const { found } = await on.play({ program, name: "registeredLate" });
  assertEquals(found.before, false);
  assertEquals(found.spans, ["seen", "http.request", "llm.openai.stream", "llm.request"]);
  assertEquals([found.state.rule, found.state.traces, found.state.metrics], ["user", true, false]);
  assertEquals(on.receiver.requests(), []);
});

// ------------------------------------------------------------------------------------------------ 3: zero-config

for (const value of ["false", "False", "FALSE", "0", "no"]) {
  Deno.test(`OTEL_SDK_DISABLED=${value} is on`, async () => {
    await using on = stage();
    const { found, stderr } = await on.play({ program, name: "ask", env: { OTEL_SDK_DISABLED: value } });
    assertEquals(found, ON);
    assertEquals(withoutDenosOwn(stderr), "");
    assertCallsArrived(on.receiver, on.vendor);
  });
}

Deno.test("enabled: true is on without a word of the environment", async () => {
  await using on = stage();
  const { found } = await on.play({ program, name: "configured", argument: { enabled: true } });
  assertEquals(found, ON);
  assertCallsArrived(on.receiver, on.vendor);
});

Deno.test("an exporter, a processor or a reader is on, and the other signal goes to the environment's address", async () => {
  for (
    const [option, held, signals] of [
      ["spanExporter", { spans: 3, exports: 0 }, ["metrics"]],
      ["metricExporter", { spans: 0, exports: 1 }, ["traces"]],
      ["spanProcessors", { spans: 3, exports: 0 }, ["metrics", "traces"]],
      ["metricReaders", { spans: 0, exports: 1 }, ["metrics", "traces"]],
    ] as const
  ) {
    await using on = stage();
    const { found } = await on.play({ program, name: "given", argument: option });
    assertEquals(found, { ...ON, ...held }, option);
    assertEquals([...new Set(on.receiver.requests().map(({ signal }) => signal))].sort(), [...signals], option);
  }
});

Deno.test("enabled: true stands above OTEL_SDK_DISABLED in options.env being unset, and env above the process", async () => {
  await using on = stage();
  const process = { OTEL_SDK_DISABLED: "false" };
  const unset = await on.play({ program, name: "configured", argument: { env: {} }, env: process });
  assertEquals(unset.found, OFF);
  assertSilent(on, unset);
  const env = { OTEL_SDK_DISABLED: "false", OTEL_EXPORTER_OTLP_ENDPOINT: on.receiver.url };
  const set = await on.play({ program, name: "configured", argument: { env }, env: { OTEL_SDK_DISABLED: "true" } });
  assertEquals(set.found, ON);
  assertEquals(on.receiver.spans().length, 3);
});

Deno.test("a worker's binding may be a boolean or a number: JSON's types are understood", async () => {
  await using on = stage();
  const env = { OTEL_SDK_DISABLED: false, OTEL_EXPORTER_OTLP_ENDPOINT: on.receiver.url, OTEL_BSP_SCHEDULE_DELAY: 50 };
  const { found, stderr } = await on.play({ program, name: "configured", argument: { env } });
  assertEquals([found, stderr], [ON, ""]);
  assertCallsArrived(on.receiver, on.vendor);
  const off = await on.play({
    program,
    name: "configured",
    argument: { enabled: true, env: { OTEL_SDK_DISABLED: true } },
  });
  assertEquals(off.found, OFF);
});

// ---------------------------------------------------------------------------------------------------- 4: else off

Deno.test("options that set values switch nothing on, and neither does startTelemetry", async () => {
  await using on = stage();
  const argument = {
    serviceName: "travel-desk",
    endpoint: on.receiver.url,
    processor: "simple",
    protocol: "http/json",
  };
  const asked = await on.play({ program, name: "configured", argument });
  assertEquals(asked.found, OFF);
  assertSilent(on, asked);
});

Deno.test("OTEL_SDK_DISABLED that is neither true nor false is off", async () => {
  await using on = stage();
  for (const value of ["", " ", "maybe"]) {
    const asked = await on.play({ program, name: "ask", env: { OTEL_SDK_DISABLED: value } });
    assertEquals(asked.found, OFF);
    assertSilent(on, asked);
  }
});

Deno.test("while telemetry is off no function makes a timer, a listener or an entry in the registry", async () => {
  await using on = stage();
  const zero = { exported: 0, failed: 0, dropped: 0 };
  const flushed = { spans: zero, metrics: zero, timedOut: false, errors: [] };
  for (const env of [{ OTEL_SDK_DISABLED: "true" }, undefined]) {
    const played = await on.play({ program, name: "everything", ...env === undefined ? {} : { env } });
    assertEquals(played.found, { rule: "off", flushed, timers: [], listeners: 0, registry: [] });
    assertSilent(on, played);
    assertEquals(on.vendor.requests(), []);
  }
});

// ------------------------------------------------------------------------------------------------ permissions

Deno.test("only permitted variables are read, one at a time", async () => {
  await using on = stage();
  const variables = ["OPENAI_API_KEY", "OPENAI_BASE_URL", "OTEL_SDK_DISABLED", "OTEL_EXPORTER_OTLP_ENDPOINT"];
  const played = await on.play({
    program,
    name: "ask",
    env: { OTEL_SDK_DISABLED: "false", OTEL_SERVICE_NAME: "not to be read" },
    permissions: ["--allow-net", `--allow-env=${variables}`],
  });
  assertEquals(played.found, ON);
  assertEquals(played.variables, [...variables].sort());
  assertEquals(played.permissions, ["env", "net"]);
  assertCallsArrived(on.receiver, on.vendor);
});

Deno.test("a switch that may not be read is not set", async () => {
  await using on = stage();
  const played = await on.play({
    program,
    name: "ask",
    env: { OTEL_SDK_DISABLED: "false" },
    permissions: ["--allow-net", "--allow-env=OPENAI_API_KEY,OPENAI_BASE_URL"],
  });
  assertEquals(played.found, OFF);
  assertSilent(on, played);
});

Deno.test("a receiver that may not be reached costs a line a signal, and is never tried: nobody is prompted", async () => {
  await using on = stage();
  const played = await on.play({
    program,
    name: "ask",
    env: { OTEL_SDK_DISABLED: "false" },
    permissions: [`--allow-net=${on.vendor.host}`, "--allow-env"],
  });
  assertEquals(played.found, ON);
  assertEquals([played.hosts, on.receiver.requests()], [[on.vendor.host], []]);
  assertStringIncludes(played.stderr, `--allow-net=${new URL(on.receiver.url).host}`);
  const lines = played.stderr.trim().split("\n");
  assert(lines.length <= 2 && lines.every((line) => line.startsWith("[sik-llms] ")), played.stderr);
});
