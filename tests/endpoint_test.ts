import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { endpointOf, type EndpointOptions } from "../src/endpoint.ts";
import { ConfigError } from "../src/error.ts";
import type { Provider } from "../src/provider.ts";
import { openaiChat } from "../src/providers/openai_chat.ts";
import { withVariables } from "./support/environment.ts";

const KEY = "key-needle-0123456789";
const OWN: Provider = { ...openaiChat, name: "own", baseUrl: "https://own.test/v1", keyVariable: "OWN_TEST_API_KEY" };
const NONE = {
  OPENAI_API_KEY: undefined,
  OPENAI_BASE_URL: undefined,
  ANTHROPIC_BASE_URL: undefined,
  OWN_TEST_API_KEY: undefined,
};

type Row = readonly [
  variables: Readonly<Record<string, string>>,
  provider: Provider,
  byName: boolean,
  options: EndpointOptions,
  expected: readonly [url: string, key: string | undefined],
];

const OPENAI = "https://api.openai.com/v1";
const ENV = { OPENAI_API_KEY: KEY, OWN_TEST_API_KEY: "own-key" };
const MOVED = { ...ENV, OPENAI_BASE_URL: "https://proxy.test/openai/v1" };

const GOES: Readonly<Record<string, Row>> = {
  "the vendor's own variable goes to the vendor": [ENV, openaiChat, true, {}, [OPENAI, KEY]],
  "a variable with a line feed at its end is trimmed": [{ OPENAI_API_KEY: `${KEY}\n` }, openaiChat, true, {}, [
    OPENAI,
    KEY,
  ]],
  "apiKey stands before the variable": [ENV, openaiChat, true, { apiKey: "given" }, [OPENAI, "given"]],
  "apiKey needs no variable": [{}, openaiChat, true, { apiKey: "given" }, [OPENAI, "given"]],
  "the variable goes to OPENAI_BASE_URL": [MOVED, openaiChat, true, {}, [MOVED.OPENAI_BASE_URL, KEY]],
  "apiKey goes to OPENAI_BASE_URL": [MOVED, openaiChat, true, { apiKey: "given" }, [MOVED.OPENAI_BASE_URL, "given"]],
  "an empty OPENAI_BASE_URL moves nothing": [{ ...ENV, OPENAI_BASE_URL: " " }, openaiChat, true, {}, [OPENAI, KEY]],
  "to baseUrl goes no variable": [ENV, openaiChat, true, { baseUrl: "https://b.test/v1" }, [
    "https://b.test/v1",
    undefined,
  ]],
  "to baseUrl goes no variable, not even at the vendor's own origin": [ENV, openaiChat, true, { baseUrl: OPENAI }, [
    OPENAI,
    undefined,
  ]],
  "to baseUrl goes apiKey": [ENV, openaiChat, true, { baseUrl: "http://localhost:11434/v1", apiKey: "given" }, [
    "http://localhost:11434/v1",
    "given",
  ]],
  "baseUrl stands before OPENAI_BASE_URL": [MOVED, openaiChat, true, { baseUrl: "https://b.test/v1" }, [
    "https://b.test/v1",
    undefined,
  ]],
  "a Provider value's own variable goes to its own baseUrl": [ENV, OWN, false, {}, [OWN.baseUrl, "own-key"]],
  "a Provider value is not moved by OPENAI_BASE_URL": [MOVED, openaiChat, false, {}, [OPENAI, KEY]],
  "a Provider value of another name is not moved either": [MOVED, OWN, false, {}, [OWN.baseUrl, "own-key"]],
  "a Provider value without a variable needs no key": [{}, { ...OWN, keyVariable: undefined }, false, {}, [
    OWN.baseUrl,
    undefined,
  ]],
  "a Provider value may name a vendor's variable at the vendor's own origin": [
    ENV,
    { ...openaiChat, name: "own", baseUrl: "https://api.openai.com/v2" },
    false,
    {},
    ["https://api.openai.com/v2", KEY],
  ],
  "a Provider value may name a vendor's variable where apiKey is given": [
    ENV,
    { ...openaiChat, baseUrl: "https://own.test/v1" },
    false,
    { apiKey: "given" },
    ["https://own.test/v1", "given"],
  ],
  "a query without secrets stays": [{}, openaiChat, true, { baseUrl: "https://b.test/v1?api-version=1" }, [
    "https://b.test/v1?api-version=1",
    undefined,
  ]],
};

for (const [name, [variables, provider, byName, options, [url, key]]] of Object.entries(GOES)) {
  Deno.test(`endpointOf(): ${name}`, () => {
    using _ = withVariables({ ...NONE, ...variables });
    const endpoint = endpointOf(provider, byName, options);
    assertEquals([endpoint.baseUrl.href, endpoint.key], [url, key]);
  });
}

const withKey = (more: EndpointOptions): Row[3] => ({ apiKey: "k", ...more });

const REFUSED: Readonly<
  Record<string, readonly [variables: Row[0], provider: Provider, options: EndpointOptions, says: string]>
> = {
  "a key that is not set": [{}, openaiChat, {}, "OPENAI_API_KEY is not set; set it, or give apiKey"],
  "a key that is empty": [{ OPENAI_API_KEY: "  " }, openaiChat, {}, "OPENAI_API_KEY is not set"],
  "another vendor's variable for another origin": [
    ENV,
    { ...openaiChat, name: "own", baseUrl: "https://own.test/v1" },
    {},
    "OPENAI_API_KEY",
  ],
  "a vendor's variable for the vendor's host without TLS": [
    ENV,
    { ...openaiChat, baseUrl: "http://api.openai.com/v1" },
    {},
    "OPENAI_API_KEY",
  ],
  "a base URL that is none": [{}, openaiChat, withKey({ baseUrl: "needle" }), "baseUrl is no URL"],
  "a base URL without a scheme": [{}, openaiChat, withKey({ baseUrl: "localhost:8080/v1" }), "https:// or http://"],
  "a base URL of another scheme": [{}, openaiChat, withKey({ baseUrl: "file:///needle" }), "https:// or http://"],
  "a base URL that is no text": [{}, openaiChat, withKey({ baseUrl: 7 as never }), "baseUrl is no URL"],
  "a user in the base URL": [{}, openaiChat, withKey({ baseUrl: "https://needle@b.test" }), "user or password"],
  "a password in the base URL": [{}, openaiChat, withKey({ baseUrl: "https://u:needle@b.test" }), "user or password"],
  "a password without a user in the base URL": [
    {},
    openaiChat,
    withKey({ baseUrl: "https://:needle@b.test" }),
    "user or password",
  ],
  "a part behind # in the base URL": [{}, openaiChat, withKey({ baseUrl: "https://b.test/#needle" }), "#"],
  "a bad OPENAI_BASE_URL": [{ OPENAI_BASE_URL: "needle" }, openaiChat, withKey({}), "OPENAI_BASE_URL is no URL"],
  "a password in OPENAI_BASE_URL": [
    { OPENAI_BASE_URL: "https://u:needle@b.test" },
    openaiChat,
    withKey({}),
    "OPENAI_BASE_URL holds a user",
  ],
  "a bad base URL of a Provider value": [{}, { ...OWN, baseUrl: "needle" }, withKey({}), "The provider's baseUrl"],
  "a header's value with a line feed": [{}, openaiChat, withKey({ headers: { "x-a": "needle\n" } }), 'headers["x-a"]'],
  "a header's value with a carriage return": [
    {},
    openaiChat,
    withKey({ headers: { "x-a": "a\r\nx-b: needle" } }),
    'headers["x-a"]',
  ],
  "a header's value with a NUL": [{}, openaiChat, withKey({ headers: { "x-a": "needle\0" } }), 'headers["x-a"]'],
  "a header's value that is not ASCII": [{}, openaiChat, withKey({ headers: { "x-a": "nädle" } }), "not ASCII"],
  "a header's value that is no text": [{}, openaiChat, withKey({ headers: { "x-a": 7 as never } }), "must be a string"],
  "a header's name that is none": [
    {},
    openaiChat,
    withKey({ headers: { "needle: x": "a" } }),
    "name that is no HTTP token",
  ],
  "an empty header's name": [{}, openaiChat, withKey({ headers: { "": "a" } }), "name that is no HTTP token"],
  "a key with a line feed": [{}, openaiChat, { apiKey: `${KEY}\n` }, "apiKey holds a line break"],
  "a key that is not ASCII": [{}, openaiChat, { apiKey: `${KEY}…` }, "apiKey holds a character that is not ASCII"],
  "a key outside the first plane": [
    {},
    openaiChat,
    { apiKey: `${KEY}🔑` },
    "apiKey holds a character that is not ASCII",
  ],
  "an empty key": [{}, openaiChat, { apiKey: " " }, "apiKey is empty"],
  "a key that is no text": [{}, openaiChat, { apiKey: 7 as never }, "apiKey must be a string"],
  "a variable that is not ASCII": [{ OPENAI_API_KEY: `${KEY}…` }, openaiChat, {}, "OPENAI_API_KEY holds a character"],
};

for (
  const parameter of [
    "key",
    "api_key",
    "apikey",
    "API-KEY",
    "access_token",
    "token",
    "secret",
    "password",
    "sig",
    "auth",
  ]
) {
  Deno.test(`endpointOf() refuses a ${parameter} in the query of the base URL, naming no value`, () => {
    const refused = () =>
      endpointOf(openaiChat, true, { baseUrl: `https://b.test/v1?a=b&${parameter}=needle`, apiKey: "k" });
    const { message } = assertThrows(refused, ConfigError, "key in its query");
    assert(!message.includes("needle"));
  });
}

for (const [name, [variables, provider, options, says]] of Object.entries(REFUSED)) {
  Deno.test(`endpointOf() refuses ${name}, naming the field and not the value`, () => {
    using _ = withVariables({ ...NONE, ...variables });
    const byName = provider === openaiChat;
    const failure = assertThrows(() => endpointOf(provider, byName, options), ConfigError);
    assertStringIncludes(failure.message, says);
    for (const text of [failure.message, failure.stack ?? "", Deno.inspect(failure, { depth: 9 })]) {
      assert(!text.includes("needle"), text);
    }
  });
}

Deno.test("endpointOf() gives headers with small names", () => {
  const { headers } = endpointOf(openaiChat, true, { apiKey: "k", headers: { "X-Team": "blue\tsky" } });
  assertEquals(headers, { "x-team": "blue\tsky" });
});

Deno.test({
  name: "endpointOf() tells a key that may not be read from one that is not set, and never prompts",
  permissions: { env: false, read: true },
  fn() {
    const failure = assertThrows(() => endpointOf(openaiChat, true, {}), ConfigError);
    assertStringIncludes(
      failure.message,
      "OPENAI_API_KEY may not be read; run with --allow-env=OPENAI_API_KEY, or give apiKey",
    );
  },
});

Deno.test({
  name: "endpointOf() does without an environment that may not be read",
  permissions: { env: false, read: true },
  fn() {
    const { baseUrl, key } = endpointOf(openaiChat, true, { apiKey: "k" });
    assertEquals([baseUrl.href, key], [OPENAI, "k"]);
  },
});

Deno.test({
  name: "endpointOf() reads the key's variable where that one alone is allowed",
  permissions: { env: ["OPENAI_API_KEY"], read: true },
  fn() {
    using _ = withVariables({ OPENAI_API_KEY: KEY });
    assertEquals(endpointOf(openaiChat, true, {}).key, KEY);
  },
});
