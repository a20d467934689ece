// Mistakes that hide: what Compose lets one write in two ways, who listens where, and files that cannot be read.
import { assert, assertEquals } from "@std/assert";
import { portsOf } from "../../scripts/stack/lint/ports.ts";
import { assertSays, files, lintWith } from "./linted.ts";

const full = "compose.full.yaml";
const collector = "collector/full.yaml";
const prometheus = "prometheus/full.yaml";
const rules = "/etc/prometheus/rules/*.yaml";
const retention = /.*storage.tsdb.retention.*\n/g;

/** One text in place of another. */
function put(from: string | RegExp, to: string): (text: string) => string {
  return (text) => text.replace(from, to);
}

const mistakes: readonly (readonly [what: string, path: string, change: (text: string) => string, says: string])[] = [
  ["rules by a pattern that nothing has", prometheus, put(rules, "/etc/prometheus/rules/*.yml"), "reads rules from"],
  ["rules by a name that nothing has", prometheus, put(rules, "/etc/prometheus/rules/alarms.yaml"), "reads rules from"],
  ["a folder in place of rules", prometheus, put(rules, "/etc/prometheus/rules"), "reads rules from"],
  [
    "a port inside another one's range",
    full,
    put("127.0.0.1:16686:16686", "127.0.0.1:4316-4318:16684-16686"),
    "both want port 4317",
  ],
  [
    "a port of the long form that clashes",
    full,
    put("- 127.0.0.1:16686:16686", "- { target: 16686, published: 4318, host_ip: 127.0.0.1 }"),
    "both want port 4318",
  ],
  [
    "a port of the long form that is open to the network",
    full,
    put("- 127.0.0.1:16686:16686", "- { target: 16686, published: 16686 }"),
    "jaeger opens port 16686:16686 to more than this machine",
  ],
  [
    "a bare port",
    full,
    put("- 127.0.0.1:16686:16686", "- 16686"),
    "jaeger opens port 16686 to more than this machine",
  ],
  [
    "a receiver for its own container alone",
    collector,
    put("0.0.0.0:4318", "127.0.0.1:4318"),
    "opens otel-collector's port 4318, where receivers.otlp.protocols.http listens for its own container alone",
  ],
  [
    "a receiver that is told no address",
    collector,
    put("http:\n        endpoint: 0.0.0.0:4318", "http: {}"),
    "opens otel-collector's port 4318, where receivers.otlp.protocols.http listens for its own container alone",
  ],
  [
    "a receiver on another port than the published one",
    collector,
    put("0.0.0.0:4318", "0.0.0.0:4319"),
    "opens otel-collector's port 4318, where nobody listens",
  ],
  [
    "a page of Jaeger on another port than the published one",
    "jaeger/badger.yaml",
    put("0.0.0.0:16686", "0.0.0.0:16687"),
    "opens jaeger's port 16686, where nobody listens",
  ],
  [
    "a fetch from a port where nobody listens",
    prometheus,
    put("otel-collector:8889", "otel-collector:8890"),
    "asks otel-collector:8890 of compose.full.yaml, where nobody listens",
  ],
  [
    "a fetch by DNS from a port where nobody listens",
    "prometheus/production.yaml",
    put("port: 8888", "port: 8887"),
    "asks otel-worker:8887 of compose.production.yaml, where nobody listens",
  ],
  [
    "a fetch from numbers that a Collector shows itself alone",
    collector,
    put("host: 0.0.0.0", "host: localhost"),
    "asks otel-collector:8888 of compose.full.yaml, where service.telemetry",
  ],
  [
    "a job that an alert asks for under another name",
    prometheus,
    put("job_name: otel-collector", "job_name: collector"),
    "fetches no job otel-collector, for which prometheus/rules/alerts.yaml asks",
  ],
  [
    "numbers that are in no volume",
    full,
    put("      - metrics:/prometheus\n", ""),
    "prometheus keeps /prometheus in no volume",
  ],
  [
    "numbers beside the volume",
    full,
    put("--storage.tsdb.path=/prometheus", "--storage.tsdb.path=/data"),
    "prometheus keeps /data in no volume",
  ],
  [
    "the machine's own network",
    full,
    put("    image: jaegertracing", "    network_mode: host\n    image: jaegertracing"),
    "jaeger has the machine's own network",
  ],
  [
    "a command of one text without a retention",
    full,
    (text) =>
      text.replace(retention, "").replace(/command:\n {6}- --config.file[^]*?volumes:/, "command: --x\n    volumes:"),
    "prometheus sets no retention",
  ],
  [
    "a list of services to wait for, one of which is none",
    full,
    put("depends_on:\n      prometheus:\n        condition: service_healthy", "depends_on: [prometheus, promotheus]"),
    "grafana depends on promotheus",
  ],
  ["a Compose file that cannot be read", full, (text) => `${text}\n  }: [`, `${full}: cannot be read`],
  ["a Compose file without services", full, put("services:", "servers:"), "has no services"],
  ["a Compose file whose services are a list", full, () => "services: [a]\n", "has no services"],
  [
    "a service that is a word",
    full,
    (text) => text.replace("volumes:\n  traces", "  odd: word\nvolumes:\n  traces"),
    "odd has no image",
  ],
  ["a Collector's file that cannot be read", collector, () => "a: [", `${collector}: cannot be read`],
  ["a file of Prometheus that cannot be read", prometheus, () => "a: [", `${prometheus}: cannot be read`],
  ["a file of rules that cannot be read", "prometheus/rules/alerts.yaml", () => "{", "alerts.yaml: cannot be read"],
  ["a dashboard that cannot be read", "grafana/dashboards/jaeger/llm.json", () => "{", "llm.json: cannot be read"],
  ["an empty file", prometheus, () => "", `${prometheus}: says nothing`],
];

for (const [what, path, change, says] of mistakes) {
  Deno.test(`the linter sees ${what}`, () => assertSays(lintWith(path, change), says));
}

const fine: readonly (readonly [what: string, path: string, change: (text: string) => string])[] = [
  ["rules that are named outright", prometheus, put(`- ${rules}`, "- /etc/prometheus/rules/alerts.yaml")],
  ["rules by a part of their name", prometheus, put(rules, "/etc/prometheus/rules/a*.yaml")],
  [
    "a port of the long form",
    full,
    put("- 127.0.0.1:16686:16686", '- { target: 16686, published: "16686", host_ip: 127.0.0.1 }'),
  ],
  [
    "a range of ports",
    full,
    put(/- 127.0.0.1:4317:4317.*\n\s+- 127.0.0.1:4318:4318/, "- 127.0.0.1:4317-4318:4317-4318"),
  ],
  [
    "a list of services to wait for",
    full,
    put("depends_on:\n      prometheus:\n        condition: service_healthy", "depends_on: [prometheus]"),
  ],
  ["a command of one text", full, put('command: ["tail", "-f", "/dev/null"]', "command: tail -f /dev/null")],
  [
    "a volume of the long form",
    full,
    put("- metrics:/prometheus", "- { type: volume, source: metrics, target: /prometheus }"),
  ],
];

for (const [what, path, change] of fine) {
  Deno.test(`the linter has nothing against ${what}`, () => assertEquals(lintWith(path, change), []));
}

Deno.test("no file of the stack, broken off in its middle, makes the linter fall over", () => {
  for (const [path, text] of files) lintWith(path, () => text.slice(0, text.length / 2));
  assert(files.size > 20);
});

Deno.test("ports are read in every way they can be written", () => {
  const read = (entry: Parameters<typeof portsOf>[0]) =>
    portsOf(entry).map(({ hostIp, published, target }) => [hostIp, published, target]);
  assertEquals(read("127.0.0.1:80:8080"), [["127.0.0.1", "80", 8080]]);
  assertEquals(read("127.0.0.1::8080"), [["127.0.0.1", undefined, 8080]]);
  assertEquals(read("[::1]:80:8080"), [["[::1]", "80", 8080]]);
  assertEquals(read("80:8080/udp"), [[undefined, "80/udp", 8080]]);
  assertEquals(read("8080"), [[undefined, undefined, 8080]]);
  assertEquals(read(8080), [[undefined, undefined, 8080]]);
  assertEquals(read("80-81:8080-8081"), [[undefined, "80", 8080], [undefined, "81", 8081]]);
  assertEquals(read({ target: 8080, published: 80, protocol: "udp" }), [[undefined, "80/udp", 8080]]);
  assertEquals(read("nonsense"), []);
});
