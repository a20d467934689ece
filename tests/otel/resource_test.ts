import { assert, assertEquals, assertMatch } from "@std/assert";
import { type Attributes, getMeter, getTracer, startTelemetry, type TelemetryOptions } from "../../mod.ts";
import { readEnvironment } from "../../src/otel/environment.ts";
import type { OtelOptions } from "../../src/otel/options.ts";
import { resourceAttributes } from "../../src/otel/resource.ts";
import { PACKAGE_VERSION } from "../../src/version.ts";
import { startCollector } from "../support/collector.ts";

function attributes(options: OtelOptions = {}, variables: Readonly<Record<string, string>> = {}): Attributes {
  return resourceAttributes(options, readEnvironment((name) => variables[name]));
}

Deno.test("the resource says who sends, by default", () => {
  const { "service.instance.id": id, "telemetry.sdk.version": version, ...rest } = attributes();
  assertEquals(rest, {
    "service.name": "sik-llms",
    "service.version": PACKAGE_VERSION,
    "telemetry.sdk.name": "opentelemetry",
    "telemetry.sdk.language": "nodejs",
  });
  assertMatch(String(version), /^\d+\.\d+\.\d+/);
  assertMatch(String(id), /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/);
});

Deno.test("the instance's id is the same for the whole process", () => {
  assertEquals(attributes()["service.instance.id"], attributes({ serviceName: "another" })["service.instance.id"]);
});

Deno.test("code stands over the service's variable, which stands over the list of attributes", () => {
  const OTEL_RESOURCE_ATTRIBUTES = "service.name=list,service.version=2,team=list";
  const name = (options: OtelOptions, variables: Readonly<Record<string, string>>) =>
    attributes(options, variables)["service.name"];
  assertEquals(name({}, { OTEL_RESOURCE_ATTRIBUTES }), "list");
  assertEquals(name({}, { OTEL_RESOURCE_ATTRIBUTES, OTEL_SERVICE_NAME: "variable" }), "variable");
  const resource = { "service.name": "attributes", team: "code" };
  assertEquals(name({ resource }, { OTEL_SERVICE_NAME: "variable" }), "attributes");
  assertEquals(name({ resource, serviceName: "option" }, { OTEL_SERVICE_NAME: "variable" }), "option");
  const all = attributes({ resource }, { OTEL_RESOURCE_ATTRIBUTES });
  assertEquals([all.team, all["service.version"]], ["code", "2"]);
});

Deno.test("an attribute that is given as undefined takes nothing away", () => {
  const resource = { "service.name": undefined, "service.instance.id": "mine" } as unknown as Attributes;
  const { "service.name": name, "service.instance.id": id } = attributes({ resource });
  assertEquals([name, id], ["sik-llms", "mine"]);
});

for (const protocol of ["http/json", "http/protobuf"] as const) {
  Deno.test(`a resource with values of odd kinds arrives valid, as ${protocol}`, async () => {
    await using collector = await startCollector();
    const resource = {
      big: 5n,
      date: new Date(0),
      nan: NaN,
      huge: 1e300,
      lone: "\ud800",
      list: ["a", "b"],
      map: { a: 1 },
      get bad() {
        throw new Error("not yours");
      },
    } as unknown as Attributes;
    const options: TelemetryOptions = { enabled: true, env: {}, endpoint: collector.url, protocol, resource };
    await using telemetry = await startTelemetry(options);
    getTracer("users").startSpan("mine").end();
    getMeter("users").createCounter("mine").add(1);
    const { spans, metrics } = await telemetry.flush();
    assertEquals([spans.exported, metrics.exported], [1, 1]);
    for (const { resource } of [...collector.receiver.spans(), ...collector.receiver.metrics()]) {
      const { big, date, nan, huge, lone, list } = resource;
      assertEquals([big, date, nan, huge, lone, list], ["5", new Date(0).toISOString(), NaN, 1e300, "\ufffd", [
        "a",
        "b",
      ]]);
      assert(!("bad" in resource) && !("map" in resource)); // A resource's attributes are simple by the specification.
    }
  });
}
