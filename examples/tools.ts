/**
 * Tools: the model asks for them, the program runs them, and the conversation goes on with their results.
 *
 *     deno run -A examples/tools.ts
 *
 * @module
 */
import "./support/offline.ts"; // Where there is no key, a script on this machine answers.
import { createClient, defineTool, type Message, toolMessage, userMessage } from "@sik/llms";
import { z } from "zod";

const Place = z.object({ city: z.string() });
const weather = defineTool({ name: "weather", description: "Tells the weather of a city.", parameters: Place });

/** What the program knows; yours would ask a service. */
function weatherIn(city: string): object {
  return city === "Porto" ? { city, sky: "rain", celsius: 16 } : { city, sky: "clear", celsius: 24 };
}

const client = createClient("gpt-4o-mini", { tools: [weather] });
const messages: Message[] = [userMessage("Do I need an umbrella in Lisbon or in Porto?")];
let result = await client.run(messages);

// A client never runs a tool by itself. (An agent does: see createReasoningAgent.)
while (result.toolCalls.length > 0) {
  messages.push(...result.messages); // What the model said goes back as it came, ...
  for (const call of result.toolCalls) {
    const { city } = Place.parse(call.arguments);
    console.log(`${call.name}(${city})`);
    messages.push(toolMessage(call.id, weatherIn(city))); // ... and after it one result for each call.
  }
  result = await client.run(messages);
}
console.log(result.response);
