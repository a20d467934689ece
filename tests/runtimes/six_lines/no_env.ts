import { configureTelemetry, createClient } from "@sik/llms";

const [baseUrl, endpoint] = Deno.args;
if (endpoint !== undefined) configureTelemetry({ enabled: true, endpoint });
const client = createClient("gpt-4o-mini", { baseUrl, apiKey: "test" });
const result = await client.run("What is the capital of France?");

console.log(result.response);
