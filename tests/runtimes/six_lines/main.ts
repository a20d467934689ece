import { createClient } from "@sik/llms";

const client = createClient("gpt-4o-mini");
const result = await client.run("What is the capital of France?");

console.log(result.response);
