/**
 * Anthropic's official SDK.
 *
 * @module
 */
import { type Asker, isPlain, KEY, question } from "./asker.ts";

/** With its defaults. */
export async function anthropic(url: string): Promise<Asker> {
  const { default: Anthropic } = await import("@anthropic-ai/sdk");
  const client = new Anthropic({ apiKey: KEY, baseURL: url });
  const messages = [...question];
  return {
    async ask(_dialect, model) {
      const options = { model, max_tokens: 8_000, messages };
      if (isPlain(model)) {
        const [block] = (await client.messages.create(options)).content;
        return block?.type === "text" ? block.text.length : 0;
      }
      let text = "";
      for await (const event of await client.messages.create({ ...options, stream: true })) {
        if (event.type === "content_block_delta" && event.delta.type === "text_delta") text += event.delta.text;
      }
      return text.length;
    },
  };
}
