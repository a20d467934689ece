/** The doctor as users run it: a program of its own, whose exit code and lines are all there is. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { denoArgs, type Ended, run } from "../scripts/child.ts";
import { startReceiver } from "./support/otlp_receiver.ts";

const OK_LINE = /^ok {4}\S/;

/** Runs the doctor with these variables, and with all permissions or these. */
async function doctor(env: Readonly<Record<string, string>>, permissions: readonly string[] = ["-A"]): Promise<Ended> {
  return await run(Deno.execPath(), await denoArgs("run", "--quiet", ...permissions, "src/doctor.ts"), { env });
}

function linesOf({ stdout }: Ended): readonly string[] {
  return stdout.trim().split("\n").filter((line) => line !== "");
}

Deno.test("the doctor ends with 0 and says that all is well, where it is", async () => {
  await using receiver = startReceiver();
  const ended = await doctor({ OTEL_SDK_DISABLED: "false", OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url });
  assertEquals([ended.code, ended.stderr], [0, ""]);
  const lines = linesOf(ended);
  const last = lines.at(-1);
  assertEquals(lines.slice(0, -1).filter((line) => !OK_LINE.test(line)), []);
  assertEquals(last, "Rule: zero-config. Recorded: traces and metrics. Context manager: yes.");
  assertStringIncludes(ended.stdout, "The back end took the test span.");
  assertStringIncludes(ended.stdout, "The back end took the test metric.");
  assertEquals(receiver.spans().map(({ name }) => name), ["doctor"]);
});

Deno.test("the doctor ends with 1 and says what to do, where telemetry is off", async () => {
  const ended = await doctor({});
  assertEquals([ended.code, ended.stderr], [1, ""]);
  assertEquals(linesOf(ended).map((line) => line.slice(0, 4).trim()), ["FAIL", "Rule"]);
  assertStringIncludes(ended.stdout, "Set OTEL_SDK_DISABLED=false");
  assertStringIncludes(ended.stdout, "Rule: off. Recorded: nothing.");
});

Deno.test("the doctor ends with 1, and prints no key, where the back end wants another one", async () => {
  await using receiver = startReceiver({ respond: () => new Response(null, { status: 401 }) });
  const ended = await doctor({
    OTEL_SDK_DISABLED: "false",
    OTEL_EXPORTER_OTLP_ENDPOINT: `${receiver.url}/?token=xyzzy`,
    OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20xyzzy,x-tenant=xyzzy",
  });
  assertEquals([ended.code, ended.stderr], [1, ""]);
  assertStringIncludes(ended.stdout, "headers authorization, x-tenant.");
  assertMatch(ended.stdout, /FAIL {2}The test span did not arrive\..*HTTP 401\. It wants a key/);
  assert(!ended.stdout.includes("xyzzy"));
  assertEquals(receiver.requests()[0]?.headers.get("authorization"), "Bearer xyzzy");
});

Deno.test("the doctor ends with 1 where metrics alone do not arrive", async () => {
  await using receiver = startReceiver({
    respond: ({ signal }) => signal === "metrics" ? new Response(null, { status: 404 }) : undefined,
  });
  const ended = await doctor({ OTEL_SDK_DISABLED: "false", OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url });
  assertEquals(ended.code, 1);
  assertMatch(ended.stdout, /^ok {4}The back end took the test span\.$/m);
  assertMatch(ended.stdout, /^FAIL {2}The test metric did not arrive\..*Traces-only/m);
});

Deno.test("the doctor ends with 0 and warns, where a sampler leaves its span out", async () => {
  await using receiver = startReceiver();
  const ended = await doctor({
    OTEL_SDK_DISABLED: "false",
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_TRACES_SAMPLER: "always_off",
  });
  assertEquals([ended.code, ended.stderr], [0, ""]);
  assertMatch(ended.stdout, /^warn {2}The test span was not sent: the sampler left it out/m);
});

Deno.test("the doctor finds Deno's own OpenTelemetry, and leaves the export to it", async () => {
  await using receiver = startReceiver();
  const ended = await doctor({ OTEL_DENO: "true", OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url });
  assertEquals(ended.code, 0);
  assertMatch(ended.stdout, /^ok {4}Deno's own OpenTelemetry is on \(OTEL_DENO=true\); it is used\.$/m);
  assertStringIncludes(ended.stdout, "Rule: user.");
  await receiver.waitFor(() => receiver.spans().some(({ name }) => name === "doctor"));
});

Deno.test("the doctor asks for the environment where it may not read it", async () => {
  const ended = await doctor({ OTEL_SDK_DISABLED: "false" }, []);
  assertEquals([ended.code, ended.stderr], [1, ""]);
  assertMatch(ended.stdout, /^warn {2}The environment may not be read: run with --allow-env=OTEL_\*/m);
});

for (const [name, permissions] of [["is not given", []], ["is taken away", ["--deny-net"]]] as const) {
  Deno.test(`the doctor says which permission to connect ${name}`, async () => {
    await using receiver = startReceiver();
    const env = { OTEL_SDK_DISABLED: "false", OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url };
    const ended = await doctor(env, ["--allow-env=OTEL_*", ...permissions]);
    const { host } = new URL(receiver.url);
    assertEquals([ended.code, ended.stderr], [1, ""]);
    assertStringIncludes(ended.stdout, `FAIL  Connecting to ${host} is not permitted: run with --allow-net=${host}.`);
    assertEquals(receiver.requests(), []);
  });
}
