/**
 * Many requests at once: several answers to one question, and one answer to each of many questions, so many at a time.
 * The order is kept, and a request that fails does not lose the others.
 *
 *     deno run -A examples/batch.ts
 *
 * @module
 */
import "./support/offline.ts"; // Where there is no key, a script on this machine answers.
import { BatchError, createClient, imageFromUrl, type Result, userMessage } from "@sik/llms";

const client = createClient("gpt-4o-mini");

const ideas = await client.sample("Suggest a name for a café in Lisbon. Only the name.", 3);
console.log(ideas.map(({ response }) => response).join(" | "));

const questions = ["France", "Portugal", "Spain"].map((country) => `What is the capital of ${country}?`);
const answers = await client.generateMultiple(questions, { concurrency: 2 });
answers.forEach(({ response }, index) => console.log(`${questions[index]} ${response}`));
console.log(`$${answers.reduce((sum, { cost }) => sum + (cost?.total ?? 0), 0).toFixed(7)} in all`);

try {
  const nowhere = imageFromUrl("https://pictures.invalid/tile.png");
  await client.generateMultiple(["What is the capital of France?", [userMessage(["What is this?", nowhere])]]);
} catch (error) {
  if (!(error instanceof BatchError)) throw error;
  const results: readonly (Result | undefined)[] = error.results;
  results.forEach((result, index) => {
    const failure = error.errors[index];
    console.log(result?.response ?? (failure instanceof Error ? failure.name : failure));
  });
}
