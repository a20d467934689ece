/**
 * Images beside text: from bytes, as here, or from an address with `imageFromUrl("https://…")`.
 *
 *     deno run -A examples/images.ts
 *     deno run -A examples/images.ts picture.jpg
 *
 * @module
 */
import "./support/offline.ts"; // Where there is no key, a script on this machine answers.
import { createClient, imageFromBytes, userMessage } from "@sik/llms";

/** A blue tile, 16 by 16. */
const tile = "iVBORw0KGgoAAAANSUhEUgAAABAAAAAQCAIAAACQkWg2AAAAFklEQVR42mOQ979BEmIY1TCqYfhqAACX" +
  "PkYQrqnEggAAAABJRU5ErkJggg==";

const [file] = Deno.args;
const bytes = file === undefined ? Uint8Array.from(atob(tile), (c) => c.charCodeAt(0)) : await Deno.readFile(file);
const image = imageFromBytes(bytes); // Its media type is read from the bytes.

const client = createClient("gpt-4o-mini");
const { response, usage } = await client.run([userMessage(["Which colour is this tile? One word.", image])]);
console.log(response);
console.log(`${image.mediaType}, ${bytes.length} bytes, ${usage?.inputTokens} tokens with the question`);
