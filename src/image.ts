/**
 * Images of a conversation: made of addresses or bytes, and told apart by them.
 *
 * @module
 */
import { ConfigError } from "./error.ts";
import type { ImagePart } from "./message.ts";

/**
 * Makes an image part from an address that the vendor can reach, or from a `data:` URL.
 *
 * @throws {ConfigError} for what is no whole URL: a file of this machine is read first, for {@linkcode imageFromBytes}.
 *
 * @example
 * ```ts
 * import { imageFromUrl } from "@sik/llms";
 *
 * console.log(imageFromUrl("https://example.com/cat.png").url); // "https://example.com/cat.png"
 * ```
 */
export function imageFromUrl(url: string | URL): ImagePart {
  const address = url instanceof URL ? url.href : typeof url === "string" ? url : "";
  const inline = inlineImage({ type: "image", url: address });
  if (inline !== undefined) return inline;
  if (hasScheme(address)) return { type: "image", url: address };
  const hint = "the bytes of a file go through imageFromBytes";
  throw new ConfigError(`The image's address must be a whole URL, as in https://host/cat.png; ${hint}.`);
}

/** An image whose address, or data, is a `data:` URL (`data:…;base64,…`) as one with data; undefined for any other. */
export function inlineImage({ url, data, mediaType }: ImagePart): ImagePart | undefined {
  const source = data ?? url ?? "";
  const head = /^data:([^;,]+)(?:;[^;,]*)*?;base64,/i.exec(source);
  if (head === null) return undefined;
  return { type: "image", data: source.slice(head[0].length), mediaType: mediaType ?? head[1]?.toLowerCase() };
}

/** Whether an address begins as a URL does. One letter alone is the drive of a file. */
export function hasScheme(url: string): boolean {
  return /^[a-z][a-z\d+.-]+:/i.test(url);
}

/**
 * Makes an image part from the bytes of a PNG, JPEG, GIF or WebP file, or of another whose `mediaType` is given.
 *
 * @throws {ConfigError} when `mediaType` is left out and the bytes are none of these, and for what is no bytes.
 *
 * @example
 * ```ts
 * import { imageFromBytes } from "@sik/llms";
 *
 * const part = imageFromBytes(new Uint8Array([0x89, 0x50, 0x4e, 0x47]));
 * console.log(part.mediaType); // "image/png"
 * ```
 */
export function imageFromBytes(given: Uint8Array | ArrayBuffer, mediaType?: string): ImagePart {
  const bytes = ArrayBuffer.isView(given)
    ? new Uint8Array(given.buffer, given.byteOffset, given.byteLength)
    : given instanceof ArrayBuffer
    ? new Uint8Array(given)
    : undefined;
  if (bytes === undefined) {
    throw new ConfigError("The image must be the bytes of a file, as a Uint8Array or ArrayBuffer.");
  }
  if (mediaType !== undefined && typeof mediaType !== "string") {
    throw new ConfigError("The image's media type must be a text, as in image/png.");
  }
  const type = mediaType ?? mediaTypeOf(bytes);
  if (type === undefined) {
    throw new ConfigError("The image's media type could not be told from its bytes; give it as the second argument.");
  }
  let binary = "";
  for (let start = 0; start < bytes.length; start += 0x8000) {
    binary += String.fromCharCode(...bytes.subarray(start, start + 0x8000));
  }
  return { type: "image", data: btoa(binary), mediaType: type };
}

/** The media type of an image: as given, else from its first bytes or from the name in its address. */
export function imageMediaType(image: ImagePart): string | undefined {
  if (image.mediaType !== undefined) return image.mediaType;
  if (image.data !== undefined) {
    try {
      return mediaTypeOf(Uint8Array.from(atob(image.data.slice(0, 24)), (char) => char.charCodeAt(0)));
    } catch {
      return undefined; // Not base64: the vendor's refusal will say so.
    }
  }
  const name = /\.(png|jpe?g|gif|webp)(?:[?#]|$)/i.exec(image.url ?? "")?.[1]?.toLowerCase();
  return name === undefined ? undefined : `image/${name === "jpg" ? "jpeg" : name}`;
}

/** Magic numbers, at offset 0; of WebP the RIFF container, which no other image type uses. */
function mediaTypeOf(bytes: Uint8Array): string | undefined {
  const head = Array.from(bytes.subarray(0, 4), (byte) => byte.toString(16).padStart(2, "0")).join("");
  if (head === "89504e47") return "image/png";
  if (head.startsWith("ffd8ff")) return "image/jpeg";
  if (head === "47494638") return "image/gif";
  return head === "52494646" ? "image/webp" : undefined;
}

/** How many bytes base64 stands for. */
export function base64Size(data: string): number {
  return Math.floor(data.replace(/=+$/, "").length * 3 / 4);
}
