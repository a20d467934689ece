/**
 * The cases of W3C's own suite (https://github.com/w3c/trace-context/tree/main/test), each as fetch's headers and as
 * Node's: what comes in, and what a service sends on with a span of its own.
 */
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { ROOT_CONTEXT, trace } from "@opentelemetry/api";
import { TracerProvider } from "@opentelemetry/sdk-trace";
import { getTracer } from "../../mod.ts";
import { extractContext, type IncomingHeaders, injectContext } from "../../src/telemetry/propagation.ts";
import { memoryTelemetry } from "../support/telemetry.ts";

const traceId = "12345678901234567890123456789012";
const parentId = "1234567890123456";
const valid = `00-${traceId}-${parentId}-01`;

type Fields = readonly (readonly [name: string, value: string])[];

/** The forms in which the same fields reach a program. */
function formsOf(fields: Fields): Readonly<Record<string, IncomingHeaders>> {
  const headers = new Headers();
  const lists: Record<string, string[]> = {};
  for (const [name, value] of fields) {
    headers.append(name, value);
    (lists[name] ??= []).push(value);
  }
  const joined = Object.fromEntries(Object.entries(lists).map(([name, values]) => [name, values.join(", ")]));
  return { "fetch's headers": headers, "an object of lists": lists, "an object of texts": joined };
}

/** The headers of a request that a service makes inside a span of its own. */
function sentOn(incoming: IncomingHeaders): { traceId: string; spanId: string; flags: string; state: string | null } {
  const span = new TracerProvider().getTracer("service").startSpan("work", {}, extractContext(incoming));
  const outgoing = new Headers();
  injectContext(outgoing, trace.setSpan(ROOT_CONTEXT, span));
  span.end();
  const [, traceId = "", spanId = "", flags = ""] =
    /^00-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})$/.exec(outgoing.get("traceparent") ?? "") ?? [];
  assert(traceId !== "" && spanId === span.spanContext().spanId, `valid: ${outgoing.get("traceparent")}`);
  return { traceId, spanId, flags, state: outgoing.get("tracestate") };
}

const continued: Readonly<Record<string, Fields>> = {
  "a valid parent": [["traceparent", valid]],
  "TraceParent as its name": [["TraceParent", valid]],
  "TrAcEpArEnT as its name": [["TrAcEpArEnT", valid]],
  "TRACEPARENT as its name": [["TRACEPARENT", valid]],
  "version cc": [["traceparent", `cc-${traceId}-${parentId}-01`]],
  "version cc with a field from the future": [["traceparent", `cc-${traceId}-${parentId}-01-what-the-future-will-be`]],
  "version 01": [["traceparent", `01-${traceId}-${parentId}-01`]],
  "version fe with an empty field": [["traceparent", `fe-${traceId}-${parentId}-01-`]],
  "a space before": [["traceparent", ` ${valid}`]],
  "a tab before": [["traceparent", `\t${valid}`]],
  "a space behind": [["traceparent", `${valid} `]],
  "a tab behind": [["traceparent", `${valid}\t`]],
  "spaces and tabs around": [["traceparent", `\t ${valid} \t`]],
  "flags that nobody knows yet": [["traceparent", `00-${traceId}-${parentId}-ff`]],
};
for (const [name, fields] of Object.entries(continued)) {
  Deno.test(`extractContext() goes on with the trace of ${name}`, () => {
    for (const [form, headers] of Object.entries(formsOf(fields))) {
      const sent = sentOn(headers);
      assertEquals(sent.traceId, traceId, form);
      assertNotEquals(sent.spanId, parentId, form);
      assertEquals(sent.flags, "01", form);
    }
  });
}

const begun: Readonly<Record<string, Fields>> = {
  "no parent": [],
  "two parents": [["traceparent", `00-${traceId.replace(/2$/, "1")}-${parentId}-01`], ["traceparent", valid]],
  "two parents of a later version": [
    ["traceparent", `cc-${traceId}-${parentId}-01-x`],
    ["traceparent", `cc-${traceId}-${parentId}-01-x`],
  ],
  "trace-parent as its name": [["trace-parent", valid]],
  "trace.parent as its name": [["trace.parent", valid]],
  "an empty parent": [["traceparent", ""]],
  "a dot behind version 00": [["traceparent", `${valid}.`]],
  "a field behind version 00": [["traceparent", `${valid}-what-the-future-will-be-like`]],
  "an empty field behind version 00": [["traceparent", `${valid}-`]],
  "a dot behind version cc": [["traceparent", `cc-${traceId}-${parentId}-01.what-the-future-will-be-like`]],
  "version ff": [["traceparent", `ff-${traceId}-${parentId}-01`]],
  "version .0": [["traceparent", `.0-${traceId}-${parentId}-01`]],
  "version 0.": [["traceparent", `0.-${traceId}-${parentId}-01`]],
  "version CC": [["traceparent", `CC-${traceId}-${parentId}-01`]],
  "version 000": [["traceparent", `000-${traceId}-${parentId}-01`]],
  "version 0000": [["traceparent", `0000-${traceId}-${parentId}-01`]],
  "version 0": [["traceparent", `0-${traceId}-${parentId}-01`]],
  "a trace id of zeros": [["traceparent", `00-${"0".repeat(32)}-${parentId}-01`]],
  "a trace id that begins with a dot": [["traceparent", `00-.${traceId.slice(1)}-${parentId}-01`]],
  "a trace id that ends with a dot": [["traceparent", `00-${traceId.slice(1)}.-${parentId}-01`]],
  "a trace id too long": [["traceparent", `00-${traceId}3-${parentId}-01`]],
  "a trace id too short": [["traceparent", `00-${traceId.slice(1)}-${parentId}-01`]],
  "a trace id in capitals": [["traceparent", `00-${"A".repeat(32)}-${parentId}-01`]],
  "a parent id of zeros": [["traceparent", `00-${traceId}-${"0".repeat(16)}-01`]],
  "a parent id that begins with a dot": [["traceparent", `00-${traceId}-.${parentId.slice(1)}-01`]],
  "a parent id that ends with a dot": [["traceparent", `00-${traceId}-${parentId.slice(1)}.-01`]],
  "a parent id too long": [["traceparent", `00-${traceId}-${parentId}7-01`]],
  "a parent id too short": [["traceparent", `00-${traceId}-${parentId.slice(1)}-01`]],
  "a parent id in capitals": [["traceparent", `00-${traceId}-${"B".repeat(16)}-01`]],
  "flags .0": [["traceparent", `00-${traceId}-${parentId}-.0`]],
  "flags 0.": [["traceparent", `00-${traceId}-${parentId}-0.`]],
  "flags 001": [["traceparent", `00-${traceId}-${parentId}-001`]],
  "flags 1": [["traceparent", `00-${traceId}-${parentId}-1`]],
  "no flags": [["traceparent", `00-${traceId}-${parentId}`]],
  "flags 0A": [["traceparent", `00-${traceId}-${parentId}-0A`]],
  "white space inside": [["traceparent", valid.replace("-", "- ")]],
};
for (const [name, fields] of Object.entries(begun)) {
  Deno.test(`extractContext() begins a new trace for ${name}`, () => {
    const withState: Fields = [...fields, ["tracestate", "foo=1"]];
    for (const [form, headers] of Object.entries(formsOf(withState))) {
      assertEquals(trace.getSpanContext(extractContext(headers)), undefined, form);
      const sent = sentOn(headers);
      assertNotEquals(sent.traceId.slice(0, 31), traceId.slice(0, 31), form);
      assertEquals(sent.state, null, `${form}: a state without its parent is nobody's`);
    }
  });
}

const letters = "abcdefghijklmnopqrstuvwxyz0123456789_-*/";
const everyValue = String.fromCharCode(...range(0x20, 0x2b), ...range(0x2d, 0x3c), ...range(0x3e, 0x7e));
const members = (count: number) => range(1, count).map((number) => `bar${number}=${number}`);

/** What comes in, and what is sent on; null where the list is dropped, as a whole. */
const states: Readonly<Record<string, readonly [incoming: readonly string[], sent: string | null]>> = {
  "two members": [["foo=1,bar=2"], "foo=1,bar=2"],
  "an empty header": [[""], null],
  "an empty header behind": [["foo=1", ""], "foo=1"],
  "an empty header before": [["", "foo=1"], "foo=1"],
  "empty members": [["foo=1,,,bar=2,"], "foo=1,bar=2"],
  "several headers, in their order": [["foo=1,bar=2", "rojo=1,congo=2", "baz=3"], "foo=1,bar=2,rojo=1,congo=2,baz=3"],
  "a key twice with one value": [["foo=1,foo=1"], null],
  "a key twice with two values": [["foo=1,foo=2"], null],
  "a key twice, in two headers": [["foo=1", "foo=1"], null],
  "a key twice, in two headers, with two values": [["foo=1", "foo=2"], null],
  "all characters of a key and a value": [[`${letters}=${everyValue}`], `${letters}=${everyValue}`],
  "all characters of a tenant's key": [
    [`${letters}@a-z0-9_-*/=${everyValue}`],
    `${letters}@a-z0-9_-*/=${everyValue}`,
  ],
  "a tenant that begins with a digit": [["0foo@bar=1"], "0foo@bar=1"],
  "spaces and tabs around members": [["foo=1 \t , \t bar=2, \t baz=3"], "foo=1,bar=2,baz=3"],
  "tabs around members": [["foo=1\t \t,\t \tbar=2,\t \tbaz=3"], "foo=1,bar=2,baz=3"],
  "a space before": [[" foo=1"], "foo=1"],
  "a tab before": [["\tfoo=1"], "foo=1"],
  "a space behind": [["foo=1 "], "foo=1"],
  "a tab behind": [["foo=1\t"], "foo=1"],
  "spaces and tabs around": [["\t foo=1 \t"], "foo=1"],
  "a space behind a key": [["foo =1,bar=2"], null],
  "a key in capitals": [["FOO=1,bar=2"], null],
  "a key with a capital inside": [["fOo=1,bar=2"], null],
  "a tenant with a capital inside": [["fOo@bar=1,bar=2"], null],
  "a key with a dot": [["foo.bar=1,bar=2"], null],
  "a key that begins with a digit": [["0foo=1,bar=2"], null],
  "no key": [["=1,bar=2"], null],
  "a key without a value": [["foo,bar=2"], null],
  "a tenant without a system": [["foo@=1,bar=2"], null],
  "a system without a tenant": [["@foo=1,bar=2"], null],
  "two signs in a row": [["foo@@bar=1,bar=2"], null],
  "two systems": [["foo@bar@baz=1,bar=2"], null],
  "32 members": [[members(10).join(), members(32).slice(10).join()], members(32).join()],
  "33 members": [[members(10).join(), members(33).slice(10).join()], null],
  "a key of 256 characters": [["foo=1", `${"z".repeat(256)}=1`], `foo=1,${"z".repeat(256)}=1`],
  "a key of 257 characters": [["foo=1", `${"z".repeat(257)}=1`], null],
  "a tenant of 241 characters and a system of 14": [
    ["foo=1", `${"t".repeat(241)}@${"v".repeat(14)}=1`],
    `foo=1,${"t".repeat(241)}@${"v".repeat(14)}=1`,
  ],
  "a tenant of 242 characters": [["foo=1", `${"t".repeat(242)}@v=1`], null],
  "a system of 15 characters": [["foo=1", `t@${"v".repeat(15)}=1`], null],
  "a value of 256 characters": [[`foo=${"x".repeat(256)}`], `foo=${"x".repeat(256)}`],
  "a value of 257 characters": [["bar=1", `foo=${"x".repeat(257)}`], null],
  "a value with an equals sign": [["foo=bar=baz,bar=2"], null],
  "an empty value": [["foo=,bar=3"], null],
  "a value beyond ASCII": [["foo=é,bar=3"], null],
};
for (const [name, [incoming, sent]] of Object.entries(states)) {
  Deno.test(`extractContext() ${sent === null ? "drops a state with" : "hands on a state with"} ${name}`, () => {
    for (const tracestate of ["tracestate", "TraceState", "TRACESTATE"]) {
      const fields: Fields = [["traceparent", valid], ...incoming.map((value) => [tracestate, value] as const)];
      for (const [form, headers] of Object.entries(formsOf(fields))) {
        assertEquals([sentOn(headers).traceId, sentOn(headers).state], [traceId, sent], form);
      }
    }
  });
}

for (const name of ["trace-state", "trace.state"]) {
  Deno.test(`extractContext() reads no state of the name ${name}`, () => {
    for (const headers of Object.values(formsOf([["traceparent", valid], [name, "foo=1"]]))) {
      assertEquals(sentOn(headers).state, null);
    }
  });
}

Deno.test("extractContext() keeps the caller's decision not to sample", () => {
  assertEquals(sentOn({ traceparent: `00-${traceId}-${parentId}-00` }).flags, "00");
  assertEquals(sentOn({ traceparent: `00-${traceId}-${parentId}-fe` }).flags, "00");
});

Deno.test("extractContext() marks the parent as another process's", () => {
  const context = extractContext({ traceparent: valid });
  assertEquals(trace.getSpanContext(context)?.isRemote, true);
});

Deno.test("extractContext() reads the headers of another library's class", () => {
  const theirs = { get: (name: string) => name === "traceparent" ? valid : null } as unknown as Headers;
  assertEquals(sentOn(theirs).traceId, traceId);
});

Deno.test("extractContext() gives every request of one caller a parent of its own", () => {
  const sent = [1, 2, 3].map(() => sentOn({ traceparent: valid }));
  assertEquals(sent.map((each) => each.traceId), [traceId, traceId, traceId]);
  assertEquals(new Set(sent.map(({ spanId }) => spanId)).size, 3);
});

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

for (
  const [word, isSent] of [["none", false], ["baggage", false], ["tracecontext,baggage", true], ["b3", true]] as const
) {
  Deno.test(`OTEL_PROPAGATORS=${word} ${isSent ? "lets trace context through" : "lets no trace context through"}`, async () => {
    await using _telemetry = await memoryTelemetry({ env: { OTEL_PROPAGATORS: word } });
    assertEquals(extractContext({ traceparent: valid }) !== ROOT_CONTEXT, isSent);
    const headers = new Headers();
    getTracer("app").startActiveSpan("asks", (span) => {
      injectContext(headers);
      span.end();
    });
    assertEquals(headers.has("traceparent"), isSent);
  });
}

Deno.test("extractContext() of what are no headers is the root context", () => {
  for (const headers of [undefined, null, {}, { traceparent: 5 }, { traceparent: {} }, "traceparent"]) {
    assertEquals(extractContext(headers as unknown as IncomingHeaders), ROOT_CONTEXT);
  }
});
