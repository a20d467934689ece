import { assertEquals, assertThrows } from "@std/assert";
import { commandOf, hostsOf, type Place, placed } from "../../scripts/stack/place.ts";
import { parse } from "npm:yaml@^2.8.1";

const place: Place = {
  hosts: hostsOf("127.1.2", ["otel-collector", "jaeger", "prometheus"]),
  paths: new Map([["/etc/prometheus/rules", "/here/rules"], ["/prometheus", "/here/data"]]),
};

/** A configuration, placed as the Collector's. */
function moved(config: string): unknown {
  return parse(placed(config, "otel-collector", place));
}

Deno.test("every service gets an address of its own", () => {
  assertEquals([...place.hosts], [
    ["otel-collector", "127.1.2.1"],
    ["jaeger", "127.1.2.2"],
    ["prometheus", "127.1.2.3"],
  ]);
});

Deno.test("addresses are replaced, ports and parts that are named like a service stay", () => {
  assertEquals(
    moved(`
exporters:
  otlp_grpc/jaeger: { endpoint: "jaeger:4317" }
  otlp_http: { endpoint: "http://prometheus:9090/api/v1/otlp" }
  prometheus: { endpoint: 0.0.0.0:8889 }
service: { pipelines: { metrics: { exporters: [prometheus] } } }
`),
    {
      exporters: {
        "otlp_grpc/jaeger": { endpoint: "127.1.2.2:4317" },
        "otlp_http": { endpoint: "http://127.1.2.3:9090/api/v1/otlp" },
        "prometheus": { endpoint: "127.1.2.1:8889" },
      },
      service: { pipelines: { metrics: { exporters: ["prometheus"] } } },
    },
  );
});

Deno.test("a bare host, localhost and paths are replaced", () => {
  assertEquals(moved(`{ hostname: jaeger, port: "4317", host: 0.0.0.0, targets: ["localhost:9090"] }`), {
    hostname: "127.1.2.2",
    port: "4317",
    host: "127.1.2.1",
    targets: ["127.1.2.1:9090"],
  });
  assertEquals(moved(`rule_files: [/etc/prometheus/rules/*.yaml]`), { rule_files: ["/here/rules/*.yaml"] });
});

Deno.test("targets that a DNS server would name are named", () => {
  assertEquals(moved(`scrape_configs: [{ dns_sd_configs: [{ names: [jaeger, prometheus], type: A, port: 8888 }] }]`), {
    scrape_configs: [{ static_configs: [{ targets: ["127.1.2.2:8888", "127.1.2.3:8888"] }] }],
  });
});

Deno.test("a service without an address is a mistake", () => {
  assertThrows(() => placed("{}", "grafana", place), Error, "grafana has no address");
});

Deno.test("the command line is the Compose file's, with the paths replaced", async () => {
  const command = await commandOf("compose.full.yaml", "prometheus", place);
  assertEquals(command.slice(0, 2), [
    "--config.file=/etc/prometheus/prometheus.yaml",
    "--storage.tsdb.path=/here/data",
  ]);
});
