// The examples that deploy, each in its own runtime on this machine: the answer streams, and its trace goes on from the
// caller's and arrives.
import { assert, assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import { startReceiver } from "../support/otlp_receiver.ts";
import { chatChunks, sse } from "../support/chat_wire.ts";
import { chatWire } from "../support/wires.ts";
import { startChatServer } from "./chat_server.ts";
import { denoArgs, ROOT } from "./child.ts";
import { namesOfMetrics } from "./expected.ts";
import { type Server, startServer } from "./server.ts";
import { bundle, copyTree, installedProject, type Toolbox, toolbox } from "./toolbox.ts";
import { startWorker, writeWorkerConfig } from "./workerd.ts";

type Env = Readonly<Record<string, string>>;

/** An example in its runtime. */
interface Deployment {
  /** Telemetry goes out after the response, and not before its end. */
  readonly after?: true;
  start(env: Env): Promise<Server>;
}

const TRACE = "12345678901234567890123456789012";
const PARENT = "1234567890123456";

let tools: Toolbox;
let project: string;

Deno.test.beforeAll(async () => {
  [tools, project] = await Promise.all([toolbox(), installedProject(["@edge-runtime/vm@5.0.0"])]);
  const folder = new URL(".", import.meta.url);
  await copyTree(fileURLToPath(new URL("../../examples", folder)), `${project}/examples`);
  for (const file of ["lambda.mjs", "contract/edge_vm.mjs"]) {
    await Deno.copyFile(new URL(file, folder), `${project}/${file.replace("contract/", "")}`);
  }
});

Deno.test.afterAll(() => Deno.remove(project, { recursive: true }));

const deployments: Readonly<Record<string, Deployment>> = {
  aws_lambda: {
    async start(env) {
      const flags = ["--platform=node"];
      await bundle(`${project}/examples/aws_lambda/main.ts`, `${project}/lambda_main.mjs`, { conditions: [], flags });
      return await startServer(tools.node, ["lambda.mjs", "lambda_main.mjs"], { cwd: project, env });
    },
  },
  bun_server: {
    start: (env) =>
      startServer(tools.bun, ["examples/bun_server/main.ts"], { cwd: project, env: { ...env, PORT: "0" } }),
  },
  cloudflare_worker: {
    after: true,
    async start(env) {
      const folder = `${project}/examples/cloudflare_worker`;
      const { main, compatibility_date, compatibility_flags, vars } = await jsonc(`${folder}/wrangler.jsonc`);
      await bundle(`${folder}/${main}`, `${folder}/main.js`, { conditions: ["workerd", "worker", "browser"] });
      const variables = { ...vars, ...env };
      await writeWorkerConfig(`${folder}/main.capnp`, "main.js", {
        bindings: Object.keys(variables),
        compatibilityDate: compatibility_date,
        compatibilityFlags: compatibility_flags,
      });
      return await startWorker(tools.workerd, `${folder}/main.capnp`, { env: variables });
    },
  },
  deno_deploy: {
    async start(env) {
      const permissions = ["--no-prompt", "--allow-net", "--allow-env=OPENAI_*,OTEL_*"];
      const how = ["--host=127.0.0.1", "--port=0", ...permissions, "examples/deno_deploy/main.ts"];
      return await startServer(Deno.execPath(), await denoArgs("serve", ...how), { cwd: ROOT, env });
    },
  },
  vercel_edge: {
    after: true,
    async start(env) {
      const flags = { conditions: ["edge-light", "worker", "browser"], global: "edgeFunction" };
      await bundle(`${project}/examples/vercel_edge/api/chat.ts`, `${project}/edge.js`, flags);
      return await startServer(tools.node, ["edge_vm.mjs", "edge.js", "AsyncLocalStorage"], { cwd: project, env });
    },
  },
};

/** JSON with lines of comment. */
async function jsonc(path: string) {
  return JSON.parse((await Deno.readTextFile(path)).replace(/^\s*\/\/.*$/gm, ""));
}

function variables(vendor: string, receiver: string): Env {
  const openai = { OPENAI_API_KEY: "test", OPENAI_BASE_URL: vendor };
  // Nothing is sent but by the handler's own flush.
  const waits = { OTEL_BSP_SCHEDULE_DELAY: "600000", OTEL_METRIC_EXPORT_INTERVAL: "600000" };
  return { ...openai, ...waits, OTEL_SDK_DISABLED: "false", OTEL_EXPORTER_OTLP_ENDPOINT: receiver };
}

for (const [name, deployment] of Object.entries(deployments)) {
  Deno.test(`examples/${name} streams its answer, and the trace goes on from the caller's`, async () => {
    const held = Promise.withResolvers<void>();
    const encoder = new TextEncoder();
    await using vendor = startChatServer({
      respond() {
        const body = new ReadableStream({
          async start(controller) {
            controller.enqueue(encoder.encode(chatWire.opening));
            await held.promise;
            controller.enqueue(encoder.encode(chatWire.rest));
            controller.close();
          },
        });
        return new Response(body, { headers: { "content-type": "text/event-stream" } });
      },
    });
    await using receiver = startReceiver();
    await using server = await deployment.start(variables(vendor.url, receiver.url));

    const headers = { traceparent: `00-${TRACE}-${PARENT}-01` };
    const response = await fetch(`${server.url}/chat`, { method: "POST", body: "Capital of France?", headers });
    assertEquals([response.status, server.log().replace(/^.*Listening on.*$/gm, "").trim()], [200, ""]);
    const texts = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    assertEquals(await texts.read(), { done: false, value: "Par" }); // While the vendor still holds the rest.
    held.resolve();
    let rest = "";
    for (let read = await texts.read(); !read.done; read = await texts.read()) rest += read.value;
    assertEquals(rest, "is.");

    if (deployment.after) await receiver.waitFor(({ spans, metrics }) => spans().length >= 4 && metrics().length > 0);
    const spans = receiver.spans(); // Else they are here before the body ends.
    const named = (name: string) => spans.find((span) => span.name === name);
    const order = ["POST /chat", "llm.request", "llm.openai.stream", "http.request"];
    assertEquals(spans.map((span) => span.name).sort(), [...order].sort());
    const parents = order.map((span) => named(span)?.parentSpanId);
    assertEquals(parents, [PARENT, ...order.slice(0, -1).map((span) => named(span)?.spanId)]);
    assertEquals(new Set(spans.map(({ traceId }) => traceId)), new Set([TRACE]));
    assertEquals([named("POST /chat")?.kind, named("POST /chat")?.status.code], ["SERVER", "UNSET"]);
    assert(namesOfMetrics(receiver).includes("llm_requests_total"));
  });

  Deno.test(`examples/${name} leaves the vendor when the reader leaves, and its trace arrives`, async () => {
    const left = Promise.withResolvers<void>();
    async function* endless(): AsyncGenerator<string> {
      try {
        yield chatWire.opening;
        while (true) {
          await new Promise((resolve) => setTimeout(resolve, 10)); // As a model speaks.
          yield sse(...chatChunks({ text: " and", finishReason: undefined }));
        }
      } finally {
        left.resolve();
      }
    }
    await using vendor = startChatServer({
      respond() {
        // It goes on and on: workerd notices that nobody reads when it writes.
        const body = ReadableStream.from(endless()).pipeThrough(new TextEncoderStream());
        return new Response(body, { headers: { "content-type": "text/event-stream" } });
      },
    });
    await using receiver = startReceiver();
    await using server = await deployment.start(variables(vendor.url, receiver.url));
    const response = await fetch(`${server.url}/chat`, { method: "POST", body: "Capital of France?" });
    const reader = response.body!.getReader();
    await reader.read();
    await reader.cancel();
    const late = setTimeout(() => left.reject(new Error("The vendor was not left in time.")), 5_000);
    await left.promise.finally(() => clearTimeout(late));
    await receiver.waitFor(({ spans }) => spans().length >= 4);
    const outcome = receiver.spans().find((span) => span.name === "llm.request")?.attributes["llm.stream.outcome"];
    assertEquals(outcome, "cancelled");
  });

  Deno.test(`examples/${name} turns a refusal of the vendor's into a status`, async () => {
    await using vendor = startChatServer({ respond: () => Response.json(chatWire.refusal(), { status: 401 }) });
    await using server = await deployment.start({ OPENAI_API_KEY: "test", OPENAI_BASE_URL: vendor.url });
    const response = await fetch(`${server.url}/chat`, { method: "POST", body: "Capital of France?" });
    assertEquals([response.status, (await response.json()).error], [502, "AuthenticationError"]);
  });
}
