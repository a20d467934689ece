import { assertEquals } from "@std/assert";
import { placeOf, portOf } from "../src/url.ts";

Deno.test("portOf() gives the scheme's own port where none is named", () => {
  const ports = ["http://a/", "https://a/", "http://a:8080/"].map((url) => portOf(new URL(url)));
  assertEquals(ports, [80, 443, 8080]);
});

Deno.test("placeOf() leaves out what may be secret", () => {
  assertEquals(placeOf("https://user:password@host:4318/v1/traces?key=needle#part"), "https://host:4318/v1/traces");
});
