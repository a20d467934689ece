import { assertEquals } from "@std/assert";
import { isRepeated } from "../../src/otel/repeated.ts";

const exporter = { export: () => {} };
class Reader {}
const reader = new Reader();
const said = {
  enabled: true,
  resource: { "app.part": "desk", "app.floors": [1, 2] },
  spanExporter: exporter,
  metricReaders: [reader],
};

const REPEATED: Readonly<Record<string, readonly [given: object, repeated: boolean]>> = {
  "nothing": [{}, true],
  "what is undefined or null": [{ serviceName: undefined, endpoint: null }, true],
  "the same values": [said, true],
  "equal records": [{ resource: { "app.floors": [1, 2], "app.part": "desk" } }, true],
  "the same things in a list": [{ metricReaders: [reader] }, true],
  "another value": [{ enabled: false }, false],
  "a name that was not said": [{ serviceName: "desk" }, false],
  "a record with more in it": [{ resource: { ...said.resource, "app.room": 1 } }, false],
  "a record with less in it": [{ resource: { "app.part": "desk" } }, false],
  "a list in another order": [{ resource: { ...said.resource, "app.floors": [2, 1] } }, false],
  "a record for a list": [{ metricReaders: { 0: reader } }, false],
  "another thing of the same class": [{ metricReaders: [new Reader()] }, false],
};

for (const [name, [given, repeated]] of Object.entries(REPEATED)) {
  Deno.test(`isRepeated() is ${repeated} for ${name}`, () => assertEquals(isRepeated(said, given), repeated));
}
