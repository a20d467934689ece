import { assertEquals } from "@std/assert";
import { PACKAGE_NAME, PACKAGE_VERSION } from "../src/version.ts";

Deno.test("src/version.ts says what deno.json says", async () => {
  const { name, version } = JSON.parse(await Deno.readTextFile(new URL("../deno.json", import.meta.url)));
  assertEquals({ name: PACKAGE_NAME, version: PACKAGE_VERSION }, { name, version });
});
