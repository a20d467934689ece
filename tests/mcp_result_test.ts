import { assertEquals, assertRejects } from "@std/assert";
import { mcpTools } from "../src/mcp.ts";
import { execute, fake } from "./support/fake_mcp.ts";

/** What the only tool of a server makes of a result. */
async function resultOf(result: unknown): Promise<unknown> {
  await using mcp = await mcpTools({ server: fake({ result }) });
  return await execute(mcp.tools[0]);
}

const png = { type: "image", data: "iVBORw0KGgo=", mimeType: "image/png" };
const results: Readonly<Record<string, readonly [result: unknown, expected: unknown]>> = {
  "text": [{ content: [{ type: "text", text: "Sunny." }] }, "Sunny."],
  "several texts": [{ content: [{ type: "text", text: "Sunny." }, { type: "text", text: "Warm." }] }, "Sunny.\nWarm."],
  "an image": [{ content: [{ type: "text", text: "Look:" }, png] }, [
    { type: "text", text: "Look:" },
    { type: "image", data: "iVBORw0KGgo=", mediaType: "image/png" },
  ]],
  "an image that no model sees": [
    { content: [{ type: "image", data: "AAAA", mimeType: "image/svg+xml" }] },
    "[image/svg+xml, 3 bytes]",
  ],
  "audio": [{ content: [{ type: "audio", data: "AAAAAA==", mimeType: "audio/wav" }] }, "[audio/wav, 4 bytes]"],
  "audio of no kind": [{ content: [{ type: "audio", data: "AAAAAA==" }] }, "[audio, 4 bytes]"],
  "a link to a resource": [
    {
      content: [{
        type: "resource_link",
        uri: "file:///a.md",
        name: "a.md",
        mimeType: "text/markdown",
        description: "Notes.",
      }],
    },
    "[resource at file:///a.md: a.md, text/markdown, Notes.]",
  ],
  "a bare link": [{ content: [{ type: "resource_link", uri: "file:///a.md" }] }, "[resource at file:///a.md]"],
  "an embedded text": [
    { content: [{ type: "resource", resource: { uri: "file:///a.md", mimeType: "text/markdown", text: "# A" } }] },
    "[resource at file:///a.md]\n# A",
  ],
  "an embedded image": [
    { content: [{ type: "resource", resource: { uri: "file:///a.png", mimeType: "image/png", blob: "AAAA" } }] },
    [{ type: "image", data: "AAAA", mediaType: "image/png" }],
  ],
  "an embedded file": [
    { content: [{ type: "resource", resource: { uri: "file:///a.gz", mimeType: "application/gzip", blob: "AAAA" } }] },
    "[resource at file:///a.gz, application/gzip, 3 bytes]",
  ],
  "structured content alone": [{ content: [], structuredContent: { celsius: 21 } }, '{"celsius":21}'],
  "structured content that stands there as text, too": [
    { content: [{ type: "text", text: '{ "celsius": 21 }' }], structuredContent: { celsius: 21 } },
    '{ "celsius": 21 }',
  ],
  "structured content that stands there in another order": [
    {
      content: [{ type: "text", text: '{"sky": {"b": 1, "a": [2, {"d": 3, "c": 4}]}, "celsius": 21}' }],
      structuredContent: { celsius: 21, sky: { a: [2, { c: 4, d: 3 }], b: 1 } },
    },
    '{"sky": {"b": 1, "a": [2, {"d": 3, "c": 4}]}, "celsius": 21}',
  ],
  "structured content whose list has another order": [
    { content: [{ type: "text", text: "[1,2]" }], structuredContent: [2, 1] },
    "[1,2]\n[2,1]",
  ],
  "an image of a type in other words": [
    {
      content: [
        { type: "image", data: "AAAA", mimeType: "image/jpg" },
        { type: "image", data: "AAAA", mimeType: "IMAGE/PNG; charset=binary" },
      ],
    },
    [
      { type: "image", data: "AAAA", mediaType: "image/jpeg" },
      { type: "image", data: "AAAA", mediaType: "image/png" },
    ],
  ],
  "structured content beside words": [
    { content: [{ type: "text", text: "Warm." }], structuredContent: { celsius: 21 } },
    'Warm.\n{"celsius":21}',
  ],
  "a result of the first protocol": [{ toolResult: { celsius: 21 } }, '{"celsius":21}'],
  "a kind that nobody knows yet": [{ content: [{ type: "smell" }] }, "[smell that this client does not know]"],
  "nothing": [{ content: [] }, ""],
  "no result at all": [undefined, ""],
};

for (const [name, [result, expected]] of Object.entries(results)) {
  Deno.test(`a result of ${name} is what a model can be shown`, async () => {
    assertEquals(await resultOf(result), expected);
  });
}

Deno.test("a result that is an error is one, in the server's words", async () => {
  const failed = { isError: true, content: [{ type: "text", text: "No such city." }, png] };
  const error = await assertRejects(() => resultOf(failed), Error, "No such city.\n[image/png, 8 bytes]");
  assertEquals(error.name, "McpToolError");
  await assertRejects(() => resultOf({ isError: true, content: [] }), Error, "The tool failed without saying why.");
});
