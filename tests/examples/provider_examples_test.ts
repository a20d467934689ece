/** The examples of models and vendors, run as a reader would: without a key, and to their own end. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { startReceiver } from "../../examples/support/otlp_receiver.ts";
import { runExample } from "./run_example.ts";

/** All that each example prints. */
const printed: Readonly<Record<string, RegExp>> = {
  tools: /^weather\(Lisbon\)\nweather\(Porto\)\nIn Porto, yes: .*\n$/,
  structured_output: /^Inês Almeida, 41, mother\nRui Almeida, 44, father\nClara Almeida, 9, child\n$/,
  images: /^Blue\.\nimage\/png, 79 bytes, \d+ tokens with the question\n$/,
  thinking: /^\(The least common multiple .*\)\nAfter 72 minutes\.\n29 tokens, 25 of them thoughts\nthinking, text\n$/,
  prompt_caching:
    /^Yes.*\n {2}(\d+) tokens written, 0 read, \$0\.007\d+\nFrom.*\n {2}0 tokens written, \1 read, \$0\.0006\d\n$/,
  batch:
    /^Café da Graça( \| Café da Graça){2}\n.*France\? Paris\.\n.*Portugal\? .* Lisbon\.\n.*Spain\? Madrid\.\n\$0\.0\d+ in all\nParis\.\nBadRequestError\n$/,
  compatible_server: /^ollama: Paris\.\nacme: Paris\. \$0\.0000021, override\n$/,
  official_sdk: /^openai: Paris\. 15 tokens, \$0\.0000031\nanthropic: Paris\. 12 tokens, \$0\.0000200\n$/,
};

for (const [name, text] of Object.entries(printed)) {
  Deno.test(`${name} runs without a key, and ends by itself`, async () => {
    const { code, stdout, stderr } = await runExample(name);
    assertEquals([code, stderr], [0, ""], stdout);
    assertMatch(stdout, text);
  });
}

/** The requests that each example leaves in the trace. */
const requests: Readonly<Record<string, readonly string[]>> = {
  tools: ["openai", "openai"],
  thinking: ["anthropic"],
  batch: new Array(8).fill("openai"),
  compatible_server: ["acme", "ollama"],
  official_sdk: ["anthropic", "openai"],
};

for (const [name, providers] of Object.entries(requests)) {
  Deno.test(`${name} leaves its traces behind before it ends, when telemetry is on`, async () => {
    await using receiver = startReceiver();
    const { code, stderr } = await runExample(name, {
      env: { OTEL_SDK_DISABLED: "false", OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url },
    });
    assertEquals([code, stderr], [0, ""]);
    const spans = receiver.spans();
    const asked = spans.filter((span) => span.name === "llm.request").map((span) => span.attributes["llm.provider"]);
    assertEquals(asked.toSorted(), providers.toSorted());
    const posts = spans.filter((span) => span.name === "http.request");
    assertEquals(posts.length, providers.length, "one post for each request, below an official SDK too");
    assert(receiver.metrics().some((metric) => metric.name === "llm_requests_total"));
  });
}
