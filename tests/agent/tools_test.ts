import { assertEquals, assertInstanceOf, assertStrictEquals } from "@std/assert";
import * as v from "valibot";
import { toStandardJsonSchema } from "@valibot/to-json-schema";
import { z } from "zod";
import { checkAgentTools } from "../../src/agent/tools.ts";
import { ConfigError } from "../../src/error.ts";
import type { Tool, ToolContext } from "../../src/tool.ts";
import { outcomeOf, tool } from "../support/agent_tools.ts";
import { call } from "../support/scripted_model.ts";

Deno.test("a result goes to the reader as it is and to the model as text", async () => {
  const { event, message } = await outcomeOf(tool("look", () => ({ celsius: 21 })), call("look"));
  assertEquals(event, { type: "tool_result", id: "call_look", name: "look", result: { celsius: 21 }, isError: false });
  assertEquals(message, { role: "tool", toolCallId: "call_look", content: '{"celsius":21}' });
});

Deno.test("lists of texts and images go to the model as they are", async () => {
  const parts = [{ type: "text", text: "Here." }, { type: "image", data: "AAAA", mediaType: "image/png" }];
  assertEquals((await outcomeOf(tool("look", () => parts), call("look"))).message.content, parts as never);
});

Deno.test("a tool is handed its checked arguments, the call's id and a signal", async () => {
  const seen: unknown[] = [];
  const look = tool("look", (...given) => void seen.push(...given));
  await outcomeOf(look, call("look", { city: "Lisbon" }, "call_7"));
  const [args, context] = seen as [unknown, ToolContext];
  assertEquals([args, context.callId, context.signal.aborted], [{ city: "Lisbon" }, "call_7", false]);
});

const schemas = {
  "a JSON Schema": { type: "object", properties: { days: { type: "integer" } }, required: ["days"] },
  "a zod schema": z.object({ days: z.number().int() }),
  "a valibot schema": toStandardJsonSchema(v.object({ days: v.pipe(v.number(), v.integer()) })),
} as const;

for (const [name, parameters] of Object.entries(schemas)) {
  Deno.test(`arguments that do not fit ${name} are told to the model, and the tool is not run`, async () => {
    let runs = 0;
    const stay: Tool = { name: "stay", description: "Stays.", parameters, execute: () => ++runs };
    const { event, message } = await outcomeOf(stay, call("stay", { days: "two" }));
    assertEquals([event.isError, message.isError, runs], [true, true, 0]);
    assertEquals(message.content, "The arguments do not fit the tool's parameters at $.days.");
  });
}

Deno.test("a schema that transforms gives the tool what it made of the arguments", async () => {
  const parameters = z.object({ days: z.number().transform((days) => days * 24) });
  const stay: Tool = { name: "stay", description: "Stays.", parameters, execute: ({ days }: { days: number }) => days };
  assertEquals((await outcomeOf(stay, call("stay", { days: 2 }))).event.result, 48);
});

for (const args of ["{", 7, ["Lisbon"]]) {
  Deno.test(`arguments that are ${JSON.stringify(args)} fit no tool`, async () => {
    const { message } = await outcomeOf(tool("look", () => "never"), call("look", args));
    assertEquals(message.content, "The arguments do not fit the tool's parameters at $.");
  });
}

Deno.test("no arguments are an empty object", async () => {
  for (const none of [null, undefined]) {
    const { event } = await outcomeOf(tool("look", (args) => args), call("look", none));
    assertEquals(event.result, {});
  }
});

Deno.test("a tool that the model made up is an error to the model, which learns what there is", async () => {
  const tools = [tool("flights", () => "never"), tool("hotels", () => "never")];
  const { event, message } = await outcomeOf(tools, call("trains"));
  assertEquals([event.name, event.isError], ["trains", true]);
  assertEquals(message.content, "There is no tool of that name; there are: flights, hotels.");
});

const circular: Record<string, unknown> = {};
circular["self"] = circular;
const hostile = Object.defineProperty(new Error(), "message", {
  get: () => {
    throw new Error("no");
  },
});
const failures: Readonly<Record<string, readonly [execute: () => unknown, said: string]>> = {
  "throws": [() => {
    throw new Error("No seats left.");
  }, "No seats left."],
  "rejects": [() => Promise.reject(new Error("No seats left.")), "No seats left."],
  "throws a text": [() => Promise.reject("No seats left."), "No seats left."],
  "throws nothing": [() => Promise.reject(undefined), "The tool failed without saying why."],
  "throws an error without a message": [() => Promise.reject(new Error()), "The tool failed without saying why."],
  "throws an error whose message throws": [() => Promise.reject(hostile), "The tool failed without saying why."],
  "throws a message of 1 MB": [() => Promise.reject(new Error("x".repeat(1e6))), "x".repeat(10_000)],
  "returns something circular": [
    () => circular,
    "The tool's result has no JSON form (it contains itself, or a BigInt); return text instead.",
  ],
  "returns a BigInt": [
    () => ({ price: 5n }),
    "The tool's result has no JSON form (it contains itself, or a BigInt); return text instead.",
  ],
  "returns 10 MB": [() => "x".repeat(1e7), "The tool's result is longer than 1000000 characters."],
  "returns an image of 10 MB": [
    () => [{ type: "image", data: "A".repeat(1.4e7), mediaType: "image/png" }],
    "The tool's result has an image that is too large.",
  ],
  "returns an image of 10 MB as its address": [
    () => [{ type: "image", url: `data:image/png;base64,${"A".repeat(1.4e7)}` }],
    "The tool's result has an image that is too large.",
  ],
  "returns many images of 4 MB": [
    () => Array.from({ length: 5 }, () => ({ type: "image", data: "A".repeat(5.4e6), mediaType: "image/png" })),
    "The tool's result has images that are too large together.",
  ],
  "returns an image without data and address": [
    () => [{ type: "text", text: "Look:" }, { type: "image" }],
    "The tool's result has an image without data in base64 and without url.",
  ],
  "returns an image in bytes": [
    () => [{ type: "image", data: new Uint8Array(8), mediaType: "image/png" }],
    "The tool's result has an image without data in base64 and without url.",
  ],
  "returns an image at no address": [
    () => [{ type: "image", url: "" }],
    "The tool's result has an image without data in base64 and without url.",
  ],
  "throws a message that would be cut in the middle of a character": [
    () => Promise.reject(new Error(`a${"😀".repeat(5_001)}`)),
    `a${"😀".repeat(4_999)}`,
  ],
  "throws half a character": [() => Promise.reject(new Error("a\ud83d")), "a\ufffd"],
};

for (const [what, [execute, said]] of Object.entries(failures)) {
  Deno.test(`a tool that ${what} is an error to the model`, async () => {
    const { event, message } = await outcomeOf(tool("look", execute), call("look"));
    assertEquals([event.isError, event.result], [true, said]);
    assertEquals(message, { role: "tool", toolCallId: "call_look", content: said, isError: true });
  });
}

Deno.test("the reader is told what a tool threw, and the model is not", async () => {
  const thrown = new TypeError("No seats left.");
  const { event, message } = await outcomeOf(tool("look", () => Promise.reject(thrown)), call("look"));
  assertStrictEquals(event.error, thrown);
  assertEquals(Object.keys(message), ["role", "toolCallId", "content", "isError"]);
  assertEquals("error" in (await outcomeOf(tool("look", () => "Yes."), call("look"))).event, false);
});

Deno.test("half a character in a result goes to the model as a sign that it takes", async () => {
  const part = { type: "text", text: "a\ud83d" };
  assertEquals((await outcomeOf(tool("look", () => part.text), call("look"))).message.content, "a\ufffd");
  assertEquals((await outcomeOf(tool("look", () => [part]), call("look"))).message.content, [
    { type: "text", text: "a\ufffd" },
  ]);
});

Deno.test("a list that only resembles parts is JSON", async () => {
  const blocks = [{ type: "heading", text: "Lisbon" }, { type: "image", src: "tram.png" }];
  const { event, message } = await outcomeOf(tool("look", () => blocks), call("look"));
  assertEquals([event.isError, message.content], [false, JSON.stringify(blocks)]);
});

Deno.test("what a tool makes of its own list later does not reach the model", async () => {
  const parts = [{ type: "text", text: "One." }];
  const { message } = await outcomeOf(tool("look", () => parts), call("look"));
  parts[0]!.text = "Two.";
  parts.push({ type: "text", text: "More." });
  assertEquals(message.content, [{ type: "text", text: "One." }]);
});

const beyond: Readonly<Record<string, object>> = {
  "a pattern that the validator cannot read": { type: "string", pattern: "^[\\w-.]+@[\\w-.]+$" },
  "a pointer to nowhere": { $ref: "#/$defs/missing" },
};

for (const [what, to] of Object.entries(beyond)) {
  Deno.test(`arguments for a JSON Schema with ${what} are the tool's to judge`, async () => {
    const parameters = { type: "object", properties: { to } };
    const mail: Tool = { name: "mail", description: "Mails.", parameters, execute: (args: unknown) => args };
    const { event } = await outcomeOf(mail, call("mail", { to: "a@b" }));
    assertEquals([event.result, event.isError], [{ to: "a@b" }, false]);
  });
}

Deno.test("a Standard Schema that fails by itself has the tool not run, and its words not told", async () => {
  let runs = 0;
  const parameters = z.object({ to: z.string().transform((to) => JSON.parse(to)) });
  const mail: Tool = { name: "mail", description: "Mails.", parameters, execute: () => ++runs };
  const { event, message } = await outcomeOf(mail, call("mail", { to: "no JSON" }));
  assertEquals([message.content, runs], ["The arguments do not fit the tool's parameters at $.", 0]);
  assertInstanceOf((event.error as Error).cause, SyntaxError);
});

Deno.test("an image of some MB is a result", async () => {
  const { event } = await outcomeOf(
    tool("look", () => [{ type: "image", data: "A".repeat(4e6), mediaType: "image/png" }]),
    call("look"),
  );
  assertEquals(event.isError, false);
});

Deno.test("a tool that gives nothing has the result null", async () => {
  assertEquals((await outcomeOf(tool("look", () => undefined), call("look"))).message.content, "null");
});

Deno.test("checkAgentTools() refuses a tool without a name", () => {
  for (const name of ["", "find flights", "x".repeat(129), undefined as unknown as string]) {
    let refused: unknown;
    try {
      checkAgentTools([tool(name, () => "never")]);
    } catch (error) {
      refused = error;
    }
    assertInstanceOf(refused, ConfigError);
  }
});
