// What is configured when, and how often telemetry can begin and end; each case in a process of its own.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { assertTree, lastValue } from "../runtimes/expected.ts";
import { stage } from "./stage.ts";

const program = "tests/otel/switch_program.ts";
const env = { OTEL_SDK_DISABLED: "false" };

Deno.test("configureTelemetry merges until the providers exist, and undefined takes nothing back", async () => {
  await using on = stage();
  const { found } = await on.play({ program, name: "merging", env });
  assertEquals([found.before, found.rule], [true, "zero-config"]);
  assertEquals(new Set(on.receiver.requests().map(({ format }) => format)), new Set(["json"]));
  const [span] = on.receiver.spans();
  assertEquals([span?.resource["service.name"], span?.resource["app.part"]], ["second", "desk"]);
});

Deno.test("configuring once the providers exist is a ConfigError; starting again, with what was said, is none", async () => {
  await using on = stage();
  const { found } = await on.play({ program, name: "late", env });
  const failures = [found.configure, found.start, found.more, found.disable];
  assertEquals(failures, failures.map(() => "ConfigError"));
  assertEquals(found.same, found.first);
  assertEquals(found.again, found.first);
  assertEquals(found.again, { rule: "zero-config", traces: true, metrics: true, contextManager: true, deno: false });
});

Deno.test("shutdown is off until the next start or configure, and every life sends its own spans once", async () => {
  await using on = stage();
  const { found, stderr } = await on.play({ program, name: "lives", env });
  assertEquals(found.rules, ["off", "zero-config", "on"]);
  assertEquals(found.left.filter((key: string) => key !== "version"), []);
  assertEquals(found.flushed, [3, 0, 3]);
  assertEquals(stderr, "");
  const spans = on.receiver.spans();
  assertEquals(new Set(spans.map(({ spanId }) => spanId)).size, 9);
  assertEquals(spans.length, 9);
  const names = spans.map(({ resource }) => resource["service.name"]);
  assertEquals(names.filter((name) => name === "third life").length, 3);
  assertEquals(on.vendor.requests().length, 4);
});

Deno.test("a span and a counter made after startTelemetry are exported, with the request under the span", async () => {
  await using on = stage();
  const { found } = await on.play({ program, name: "ownSpans", env });
  assertEquals([found.rule, found.contextManager], ["zero-config", true]);
  const own = on.receiver.spans().find(({ name }) => name === "plan trip");
  assertTree(on.receiver.spans().filter((span) => span !== own), own?.spanId);
  assertEquals(own?.scope.name, "my_app");
  assertEquals(lastValue(on.receiver, "trips_total"), 2);
  assertEquals(lastValue(on.receiver, "stops_total"), 3);
  assertEquals(lastValue(on.receiver, "too_early"), undefined);
});

Deno.test("registerGlobally: false leaves the registry alone and exports what goes through the library", async () => {
  await using on = stage();
  const { found } = await on.play({ program, name: "privately", env });
  assertEquals(found.rule, "zero-config");
  assertEquals(found.registry.filter((key: string) => key === "trace" || key === "metrics" || key === "context"), []);
  const names = on.receiver.spans().map(({ name }) => name);
  assertEquals(names, ["through the library", "http.request", "llm.openai.stream", "llm.request"]);
  assertEquals(lastValue(on.receiver, "library_total"), 1);
  assertEquals(lastValue(on.receiver, "program_total"), undefined);
});

Deno.test("the options of an instrumented handler are heard, although a client was made before it", async () => {
  await using on = stage();
  const { found, stderr } = await on.play({ program, name: "handler", argument: { serviceName: "edge" }, env });
  assertEquals([found.answer, stderr], ["Paris.", ""]);
  assertEquals(on.receiver.spans().map(({ resource }) => resource["service.name"]), ["edge", "edge", "edge", "edge"]);
});

Deno.test("what an instrumented handler's configure says too late is told of in one line", async () => {
  await using on = stage();
  const argument = { configure: { serviceName: "edge" } };
  const { found, stderr } = await on.play({ program, name: "handler", argument, env });
  assertEquals(found.answer, "Paris.");
  assertStringIncludes(stderr, "The options of an instrumented handler came after telemetry had begun");
});

Deno.test("a client whose tracer was had from here waits for the providers as any other", async () => {
  await using on = stage();
  assertEquals((await on.play({ program, name: "ours", env })).found.traced, [true, true]);
});

Deno.test("a handler that was made closes nothing: options may still come", async () => {
  await using on = stage();
  assertEquals((await on.play({ program, name: "laterThanHandler", env: {} })).found, {});
});

Deno.test("starting again in the middle of a shutdown is a ConfigError, and after it is none", async () => {
  await using on = stage();
  const { found } = await on.play({ program, name: "whileStopping", env });
  assertEquals(found, { error: "ConfigError", rule: "zero-config" });
});
