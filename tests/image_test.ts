import { assertEquals, assertThrows } from "@std/assert";
import { ConfigError } from "../src/error.ts";
import { base64Size, imageFromBytes, imageFromUrl, imageMediaType } from "../src/image.ts";

const PNG = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const JPEG = [0xff, 0xd8, 0xff, 0xe0];
const GIF = [0x47, 0x49, 0x46, 0x38, 0x39, 0x61];
const WEBP = [0x52, 0x49, 0x46, 0x46, 0, 0, 0, 0, 0x57, 0x45, 0x42, 0x50];

Deno.test("imageFromUrl() takes a data: URL apart", () => {
  assertEquals(imageFromUrl("data:image/gif;base64,R0lG"), { type: "image", data: "R0lG", mediaType: "image/gif" });
});

Deno.test("imageFromUrl() leaves a data: URL that is not base64 as it is", () => {
  assertEquals(imageFromUrl("data:image/svg+xml,<svg/>"), { type: "image", url: "data:image/svg+xml,<svg/>" });
});

for (const [type, bytes] of Object.entries({ png: PNG, jpeg: JPEG, gif: GIF, webp: WEBP })) {
  Deno.test(`imageFromBytes() tells image/${type} from its bytes`, () => {
    const image = imageFromBytes(new Uint8Array(bytes));
    assertEquals(image, { type: "image", data: btoa(String.fromCharCode(...bytes)), mediaType: `image/${type}` });
    assertEquals(imageMediaType({ type: "image", data: image.data }), `image/${type}`);
  });
}

Deno.test("imageFromBytes() takes a type that is given without looking at the bytes", () => {
  assertEquals(imageFromBytes(new Uint8Array([1, 2]), "image/avif").mediaType, "image/avif");
});

Deno.test("imageFromBytes() refuses bytes of no known type", () => {
  assertThrows(() => imageFromBytes(new Uint8Array([1, 2, 3, 4])), ConfigError, "second argument");
  assertThrows(() => imageFromBytes(new Uint8Array()), ConfigError);
});

Deno.test("imageFromBytes() encodes an image of many kilobytes", () => {
  const bytes = new Uint8Array(200_003).map((_, index) => index % 251);
  const { data = "" } = imageFromBytes(bytes, "image/png");
  assertEquals(Uint8Array.from(atob(data), (char) => char.charCodeAt(0)), bytes);
});

for (
  const [url, type] of Object.entries({
    "https://example.com/a.png": "image/png",
    "https://example.com/a.JPG": "image/jpeg",
    "https://example.com/a.jpeg?width=3": "image/jpeg",
    "https://example.com/a.webp#top": "image/webp",
    "https://example.com/a.pngx": undefined,
    "https://example.com/a": undefined,
  })
) {
  Deno.test(`imageMediaType() gives ${type} for ${url}`, () => {
    assertEquals(imageMediaType({ type: "image", url }), type);
  });
}

Deno.test("imageMediaType() gives undefined for data that is not base64", () => {
  assertEquals(imageMediaType({ type: "image", data: "!!!!" }), undefined);
});

for (
  const url of [
    "data:image/png;charset=utf-8;base64,AA+/==",
    "DATA:image/png;base64,AA+/==",
    "data:IMAGE/PNG;name=a.png;x=1;BASE64,AA+/==",
  ]
) {
  Deno.test(`imageFromUrl() takes ${url.slice(0, url.indexOf(","))} apart`, () => {
    assertEquals(imageFromUrl(url), { type: "image", data: "AA+/==", mediaType: "image/png" });
  });
}

Deno.test("imageFromUrl() takes a URL, and refuses the name of a file and what is none", () => {
  assertEquals(imageFromUrl(new URL("https://example.com/a.png")).url, "https://example.com/a.png");
  for (const url of ["./cat.png", "cat.png", "/home/cat.png", "C:\\cat.png", "", 5, null, {}] as readonly string[]) {
    assertThrows(() => imageFromUrl(url), ConfigError, "imageFromBytes");
  }
});

Deno.test("imageFromBytes() takes an ArrayBuffer and any view of one", () => {
  const { buffer } = new Uint8Array([0, ...PNG, 0]);
  const png = imageFromBytes(new Uint8Array(PNG));
  assertEquals(imageFromBytes(new Uint8Array(PNG).buffer), png);
  assertEquals(imageFromBytes(new DataView(buffer, 1, PNG.length) as never), png);
});

Deno.test("imageFromBytes() refuses what is no bytes, and a media type that is no text", () => {
  for (const bytes of [null, undefined, "abc", [1, 2], {}, new Blob()] as readonly unknown[] as never[]) {
    assertThrows(() => imageFromBytes(bytes, "image/png"), ConfigError, "bytes of a file");
  }
  assertThrows(() => imageFromBytes(new Uint8Array(PNG), 5 as never), ConfigError, "media type");
});

Deno.test("base64Size() counts bytes, with and without padding", () => {
  for (const bytes of [0, 1, 2, 3, 4]) {
    const data = btoa("a".repeat(bytes));
    assertEquals([base64Size(data), base64Size(data.replace(/=+$/, ""))], [bytes, bytes]);
  }
});
