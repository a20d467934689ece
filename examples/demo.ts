/**
 * `deno task demo`: five calls to a language model, an agent that plans a trip with its tools, and what OpenTelemetry
 * knows of them afterwards.
 *
 * It needs no key, no network and no collector: a scripted server on this machine speaks OpenAI's protocol, another one
 * receives the telemetry, and all between them is real. With `OPENAI_API_KEY`, in the environment or in `.env`, it asks
 * OpenAI, else with `ANTHROPIC_API_KEY` Anthropic; with `OTEL_EXPORTER_OTLP_ENDPOINT` the telemetry goes there.
 *
 * @module
 */
import { getTracer, type RequestOptions, startTelemetry } from "@sik/llms";
import { showAgent } from "./support/agent_scene.ts";
import { printAgentHead, printHead, printReport } from "./support/report.ts";
import { scenesOn } from "./support/scene.ts";
import { openScreen } from "./support/screen.ts";
import { openStage } from "./support/stage.ts";
import { tripInstructions, tripQuestion, tripTools } from "./support/trip.ts";

const screen = openScreen();
await using stage = openStage();

// Telemetry first: a span that is opened before this line is lost.
const telemetry = await startTelemetry({
  enabled: true,
  serviceName: Deno.env.get("OTEL_SERVICE_NAME") ?? "sik-llms-demo",
  endpoint: stage.receiver?.url,
  metricIntervalMs: 3_600_000, // The flush at the end sends them, once: the table below is of one export.
});

const client = stage.client({ temperature: 0.7, maxTokens: 300 });
const named = (name: string): RequestOptions => ({ attributes: { "demo.call": name } });

printHead(screen, stage, client);
const scene = scenesOn(screen);

// Two spans are the program's own; all others are there without a line of code.
const tracer = getTracer("demo");
const callsId = await tracer.startActiveSpan("five_calls", async (span) => {
  await scene("capital", "a plain call", "What is the capital of Portugal?", async (question, show) => {
    show.result(await client.run(question, named("capital")));
  });

  const plan = "Plan one day in Lisbon for me, in three lines.";
  await scene("day plan", "a stream, read as it arrives", plan, async (question, show) => {
    for await (const event of client.stream(question, named("day plan"))) {
      if (event.type === "text") show.delta(event.delta);
      if (event.type === "finish") show.result(event.result);
    }
  });

  const refused = stage.vendorUrl === undefined
    ? "another plain call"
    : "refused with 429 first, asked again by itself";
  await scene("phrase", refused, 'How do I say "thank you" there?', async (question, show) => {
    show.result(await client.run(question, named("phrase")));
  });

  await scene("weather", "a mistake: temperature 3", "How warm is it there in May?", async (question, show) => {
    show.result(await client.run(question, { ...named("weather"), temperature: 3 }));
  });

  const history = "Tell me the whole history of Lisbon.";
  await scene("history", "a stream that its reader breaks off", history, async (question, show) => {
    let pieces = 0;
    for await (const event of client.stream(question, named("history"))) {
      if (event.type !== "text") continue;
      show.delta(event.delta);
      if (++pieces === 20) break;
    }
    show.brokenOff();
  });

  span.end();
  return span.spanContext().traceId;
});

printAgentHead(screen);
const agent = stage.agent({
  name: "trip_planner",
  tools: tripTools,
  instructions: tripInstructions,
  reasoningEffort: "low",
});
const tripId = await tracer.startActiveSpan("plan_trip", async (span) => {
  await showAgent(screen, tripQuestion, agent.stream(tripQuestion));
  span.end();
  return span.spanContext().traceId;
});

const { state } = telemetry;
const flushed = await telemetry.shutdown({ timeoutMs: 3_000 }); // Sends what is left and says what became of it.
printReport(screen, stage, { state, flushed, traceIds: [callsId, tripId] });
