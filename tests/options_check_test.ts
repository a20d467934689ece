import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { ROOT_CONTEXT } from "@opentelemetry/api";
import { z } from "zod";
import { createClient, type RequestOptions } from "../mod.ts";
import { ConfigError } from "../src/error.ts";
import { checkRequestOptions, REQUEST_RULES } from "../src/options_check.ts";
import { memoryTelemetry } from "./support/telemetry.ts";
import { chatWire, type Wire, wires } from "./support/wires.ts";

const NEEDLE = "the-users-own-words";
const tool = { name: "look", description: "Looks.", parameters: { type: "object" } };

/** Values of every kind, of which an option takes some. */
const KINDS: readonly unknown[] = [
  null,
  NEEDLE,
  NaN,
  Infinity,
  -5,
  1.5,
  7,
  true,
  10n,
  Symbol(NEEDLE),
  () => NEEDLE,
  [7, NEEDLE],
  [null],
  { maxUses: NEEDLE },
  new Map([[NEEDLE, NEEDLE]]),
];
const unlike = (...kinds: readonly string[]) => KINDS.filter((value) => !kinds.includes(typeof value));
const NOT_COUNTS: readonly unknown[] = [...unlike("number"), NaN, Infinity, -5, 1.5, "7"];
const NOT_RECORDS = unlike("object").concat([null], [[7, NEEDLE]]);

/** What each option refuses, and what it takes. */
const OPTIONS: Readonly<Record<string, readonly [wrong: readonly unknown[], right: readonly unknown[]]>> = {
  temperature: [[...unlike("number"), NaN, Infinity, -0.1, "0.5"], [0, 0.5, 2]],
  topP: [[...unlike("number"), NaN, -0.1, 1.1, "0.5"], [0, 0.5, 1]],
  topK: [NOT_COUNTS, [0, 40]],
  maxTokens: [NOT_COUNTS, [0, 500]],
  stop: [[...unlike("string"), 5, [1]], ["", "end", ["end", "stop"], []]],
  seed: [[...unlike("number"), NaN, 1.5, "7"], [7, -7, 0]],
  logprobs: [[...unlike("number", "boolean"), NaN, -1, 1.5], [true, false, 0, 5]],
  reasoningEffort: [[...KINDS, "MEDIUM", "max", ""], ["none", "minimal", "low", "medium", "high", "xhigh"]],
  thinkingBudgetTokens: [NOT_COUNTS, [0, 2_000]],
  tools: [[...unlike("object"), null, {}, new Map()], [[], [tool]]],
  toolChoice: [[...KINDS, {}, ["auto"], { name: 5 }], ["auto", "none", "required", { name: "look" }]],
  parallelToolCalls: [[...unlike("boolean"), "false", 0], [true, false]],
  cacheContent: [[...unlike("string"), {}, [5, null]], ["", "long", ["long", "longer"], []]],
  cacheTools: [[...unlike("boolean"), "false", 0], [true, false]],
  webSearch: [
    [...unlike("boolean"), { maxUses: 0 }, { maxUses: 1.5 }],
    [true, false, { maxUses: 3 }, { maxUses: undefined }],
  ],
  store: [[...unlike("boolean"), "false", 0], [true, false]],
  previousResponseId: [[...unlike("string"), ""], ["resp_1"]],
  streaming: [[...unlike("boolean"), 0, "false"], [true, false]],
  extraBody: [[...NOT_RECORDS, new Map()], [{}, { user: "u" }, Object.create(null)]],
  attributes: [NOT_RECORDS, [{}, { "app.feature": "search", odd: null }]],
  conversationId: [unlike("string"), ["", "c-1"]],
  signal: [[...KINDS, {}, new AbortController()], [AbortSignal.abort(), new AbortController().signal]],
};

/** A client whose requests go nowhere, and are counted. */
function counting(wire: Wire, options: object = {}) {
  let requests = 0;
  const fetch = () => Promise.resolve(Response.json((requests++, wire.body)));
  const make = () =>
    createClient(wire.model, { provider: wire.provider, apiKey: "key-0123456789", fetch, maxRetries: 0, ...options });
  return { make, requests: () => requests };
}

Deno.test("every option of a request has its row", () => {
  assertEquals(Object.keys(OPTIONS), REQUEST_RULES.map(({ name }) => name));
});

for (const [name, [wrong, right]] of Object.entries(OPTIONS)) {
  Deno.test(`${name} of a wrong type is a ConfigError, without request and span`, async () => {
    await using telemetry = await memoryTelemetry();
    for (const wire of wires) {
      const { make, requests } = counting(wire);
      const client = make();
      for (const value of wrong) {
        const options = { [name]: value } as RequestOptions;
        const error = await assertRejects(() => client.run("Hi", options), ConfigError, name);
        assert(!error.message.includes(NEEDLE), error.message);
      }
      assertEquals(requests(), 0);
    }
    assertEquals([telemetry.open, await telemetry.spans()], [[], []]);
  });

  Deno.test(`${name} of a wrong type is told by createClient() already`, () => {
    for (const value of wrong) {
      const { make } = counting(chatWire, { [name]: value });
      assert(!assertThrows(make, ConfigError, name).message.includes(NEEDLE));
    }
  });

  Deno.test(`${name} is taken where it is right, and where it is undefined`, () => {
    for (const value of [...right, undefined]) checkRequestOptions({ [name]: value } as RequestOptions);
  });
}

Deno.test("a parent that is none begins a new trace, and fails no call", async () => {
  await using telemetry = await memoryTelemetry();
  const client = counting(chatWire).make();
  for (const parent of [...KINDS, {}, ROOT_CONTEXT]) {
    const { response } = await client.run("Hi", { parent, streaming: false } as unknown as RequestOptions);
    assertEquals(response, "Paris.");
  }
  const requests = (await telemetry.spans()).filter(({ name }) => name === "llm.request");
  assertEquals(requests.map(({ parentId }) => parentId), requests.map(() => undefined));
  assertEquals(requests.length, KINDS.length + 2);
});

const TOOLS: Readonly<Record<string, readonly [tools: unknown, says: string]>> = {
  "null": [[null], "tools[0] must be a tool"],
  "a text": [[tool, NEEDLE], "tools[1] must be a tool"],
  "a hole": [Object.assign([], { 1: tool }), "tools[0] must be a tool"],
  "no name": [[{ ...tool, name: undefined }], "A tool's name must be"],
  "a name with a space": [[{ ...tool, name: "find it" }], "A tool's name must be"],
  "an empty name": [[{ ...tool, name: "" }], "A tool's name must be"],
  "a name that is too long": [[{ ...tool, name: "x".repeat(129) }], "A tool's name must be"],
  "no description": [[{ ...tool, description: undefined }], "description of tool look"],
  "no parameters": [[{ ...tool, parameters: undefined }], "parameters of tool look"],
  "null for parameters": [[{ ...tool, parameters: null }], "parameters of tool look"],
  "a text for parameters": [[{ ...tool, parameters: NEEDLE }], "parameters of tool look"],
  "a list of parameters": [[{ ...tool, parameters: [] }], "parameters of tool look"],
  "the same name twice": [[tool, { ...tool, name: "other" }, tool], "Two tools are named look"],
};
for (const [name, [tools, says]] of Object.entries(TOOLS)) {
  Deno.test(`tools with ${name} are a ConfigError, without a request`, async () => {
    for (const wire of wires) {
      const { make, requests } = counting(wire);
      const error = await assertRejects(() => make().run("Hi", { tools } as RequestOptions), ConfigError);
      assertStringIncludes(error.message, says);
      assertEquals([error.message.includes(NEEDLE), requests()], [false, 0]);
    }
  });
}

Deno.test("good tools are taken, whatever their schema is made with", () => {
  const longest = { ...tool, name: "x".repeat(64), description: "" };
  const callable = Object.assign(() => {}, z.object({}));
  checkRequestOptions({ tools: [tool, longest, { ...tool, name: "A-1_b", parameters: callable as never }] });
});

const CHOICES: readonly (readonly [options: RequestOptions, says: string | undefined])[] = [
  [{ toolChoice: "required" }, "the request has none"],
  [{ toolChoice: { name: "look" } }, "the request has none"],
  [{ toolChoice: { name: NEEDLE }, tools: [tool] }, "not among"],
  [{ toolChoice: { name: "web_search" }, tools: [tool] }, "not among"],
  [{ toolChoice: "auto" }, undefined],
  [{ toolChoice: "none", tools: [] }, undefined],
  [{ toolChoice: "required", tools: [tool] }, undefined],
  [{ toolChoice: { name: "look" }, tools: [tool] }, undefined],
  [{ toolChoice: { name: "web_search" }, webSearch: true }, undefined],
  [{ toolChoice: "required", webSearch: true }, undefined],
  [{ toolChoice: "required", extraBody: { tools: [{ type: "code_interpreter" }] } }, undefined],
];
for (const [options, says] of CHOICES) {
  const outcome = says === undefined ? "is asked" : "is a ConfigError, without a request";
  Deno.test(`a request with ${JSON.stringify(options)} ${outcome}`, async () => {
    for (const wire of wires) {
      const { make, requests } = counting(wire);
      const asked = make().run("Hi", { ...options, streaming: false });
      if (says === undefined) assertEquals((await asked).response, "Paris.");
      else assert(!(await assertRejects(() => asked, ConfigError, says)).message.includes(NEEDLE));
      assertEquals(requests(), says === undefined ? 1 : 0);
    }
  });
}

/** Written out, so that the compiler misses a name that is new. */
const NAMES: Readonly<Record<Exclude<keyof RequestOptions, "schema" | "parent">, true>> = {
  temperature: true,
  topP: true,
  topK: true,
  maxTokens: true,
  stop: true,
  seed: true,
  logprobs: true,
  reasoningEffort: true,
  thinkingBudgetTokens: true,
  tools: true,
  toolChoice: true,
  parallelToolCalls: true,
  cacheContent: true,
  cacheTools: true,
  webSearch: true,
  store: true,
  previousResponseId: true,
  streaming: true,
  extraBody: true,
  attributes: true,
  conversationId: true,
  signal: true,
};

Deno.test("every option of a request has its rule, by which a client's defaults are known, too", () => {
  assertEquals(REQUEST_RULES.map(({ name }) => name).toSorted(), Object.keys(NAMES).toSorted());
});
