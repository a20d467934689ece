import { assertEquals } from "@std/assert";
import { allBlocks, blocksOf, readPages, unproven } from "../../scripts/docs/blocks.ts";
import { deadLinks, slugOf, slugsOf } from "../../scripts/docs/links.ts";
import { missingFrom } from "../docs/output.ts";

/** What is wrong with a page of these lines. */
function troubles(...lines: readonly string[]): string[] {
  return unproven(blocksOf("a.md", lines.join("\n")));
}

Deno.test("every block of the pages is executed, or says why it cannot be", async () => {
  assertEquals(unproven(await allBlocks()), []);
});

Deno.test("no link between the pages is dead", async () => {
  assertEquals(await deadLinks(await readPages()), []);
});

Deno.test("a block that nothing executes is found", () => {
  const why = "is neither executed nor marked: <!-- not run: and why -->";
  assertEquals(troubles("# A", "", "```ts", "a();", "```"), [`a.md:4 a block of ts ${why}`]);
  assertEquals(troubles("```sh", "docker ps", "```"), [`a.md:2 a block of sh ${why}`]);
  assertEquals(troubles("```yaml nobody", "a: 1", "```"), [`a.md:2 a block of yaml nobody ${why}`]);
  assertEquals(troubles("```", "a", "```"), [`a.md:2 a block without a language ${why}`]);
});

Deno.test("a block that is executed, or says why not, is no trouble", () => {
  assertEquals(troubles("```ts run", "a();", "```", "```sh run", "a", "```", "```sh env", "export A=1", "```"), []);
  assertEquals(troubles("```promql", "a", "```", "```yaml rules", "groups: []", "```"), []);
  assertEquals(troubles("<!-- not run: it needs Docker -->", "", "```sh", "docker ps", "```"), []);
});

Deno.test("a reason is for the next block alone, and not for one that runs", () => {
  const [first, ...more] = troubles("<!-- not run: Docker -->", "```sh", "a", "```", "```sh", "b", "```");
  assertEquals([first?.slice(0, 7), more.length], ["a.md:6 ", 0]);
  assertEquals(troubles("<!-- not run: Docker -->", "```sh run", "a", "```"), [
    "a.md:3 is executed, and says that it is not",
  ]);
  assertEquals(troubles("<!-- not run: Docker -->", "Some words.", "```sh", "a", "```").length, 1);
});

Deno.test("output follows a block that runs", () => {
  assertEquals(troubles("```sh run", "a", "```", "```output", "1", "```"), []);
  assertEquals(troubles("```output", "1", "```"), ["a.md:2 shows the output of no block that runs"]);
});

Deno.test("links to files and headings that are not there are found", async () => {
  const pages = new Map([
    ["docs/a.md", "# A\n[b](b.md#the-second) [c](b.md#third) [up](../README.md) [gone](gone.md) [own](#a) [not](#b)\n"],
    [
      "docs/b.md",
      "# B\n\n## The `second`!\n\n`[code](nowhere.md)` [web](https://example.com)\n\n```md\n[x](y.md)\n```\n",
    ],
  ]);
  assertEquals(await deadLinks(pages), [
    "docs/a.md:2 links to b.md#third: there is no such heading",
    "docs/a.md:2 links to gone.md: there is no such file",
    "docs/a.md:2 links to #b: there is no such heading",
  ]);
});

Deno.test("links by reference and links of HTML are links", async () => {
  const lines = [
    "# A",
    "[one][1] [Two][] [three][none] `[no][code]`",
    "[1]: gone.md",
    "[two]: <#a>",
    '<a class="x" href="lost.md">lost</a> <a href=\'#a\'>own</a> <img src="away.png">',
    '<a href="https://example.com">web</a>',
  ];
  assertEquals(await deadLinks(new Map([["docs/a.md", lines.join("\n")]])), [
    "docs/a.md:2 links to [none]: there is no such reference",
    "docs/a.md:3 links to gone.md: there is no such file",
    "docs/a.md:5 links to lost.md: there is no such file",
    "docs/a.md:5 links to away.png: there is no such file",
  ]);
});

Deno.test("headings are named as GitHub names them", () => {
  assertEquals(slugOf("From the Python names to ours"), "from-the-python-names-to-ours");
  assertEquals(slugOf("`OTEL_SDK_DISABLED`, and [links](a.md)"), "otel_sdk_disabled-and-links");
  assertEquals(slugsOf("# A\n## A\n```sh\n# no heading\n```\n"), new Set(["a", "a-1"]));
});

Deno.test("what a page shows is compared line by line, but for times and ids", () => {
  const printed = "one 12.5 ms\ntwo 0123456789abcdef0123\nthree 3 spans\n";
  assertEquals(missingFrom(printed, "one 3 s\n…\nthree 3 spans\n"), []);
  assertEquals(missingFrom(printed, "two fedcba98765432100000\n"), []);
  assertEquals(missingFrom(printed, "three 4 spans\n"), ["three 4 spans"]);
  assertEquals(missingFrom(printed, "three 3 spans\none 1 ms\nfour\n"), ["one 1 ms", "four"]);
});
