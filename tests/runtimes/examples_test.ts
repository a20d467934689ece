// The examples that deploy, each as a user has it: its folder alone, copied to an empty place, with the packed artifact
// installed there as its header says. In its own runtime on this machine the answer streams, and its trace goes on from
// the caller's and arrives.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { fileURLToPath } from "node:url";
import { startReceiver } from "../support/otlp_receiver.ts";
import { chatChunks, sse } from "../support/chat_wire.ts";
import { chatWire } from "../support/wires.ts";
import { startChatServer } from "./chat_server.ts";
import { ROOT, runWell } from "../../scripts/child.ts";
import { type Server, startServer } from "./server.ts";
import { bundle, copyTree, installedProject, npmInstall, tool, type Toolbox, toolbox } from "./toolbox.ts";
import { startWorker, writeWorkerConfig } from "./workerd.ts";

type Env = Readonly<Record<string, string>>;

/** An example in its runtime. */
interface Deployment {
  /** The file whose header says what to do. */
  readonly main: string;
  /** Telemetry goes out after the response, and not before its end. */
  readonly after?: true;
  /** Its files ask for delta temporality, and not its header alone. */
  readonly delta?: true;
  /** Makes the library be found from the folder; where it is missing, npm installs the artifact. */
  install?(folder: string): Promise<void>;
  /** Starts it in a folder of its own, with these variables over those that its files set. */
  start(folder: string, env: Env): Promise<Server>;
}

const TRACE = "12345678901234567890123456789012";
const PARENT = "1234567890123456";
const SWITCH = ["OPENAI_API_KEY", "OTEL_SDK_DISABLED", "OTEL_EXPORTER_OTLP_ENDPOINT"];
/** Over what the files of an example say: they name a collector that is none of ours. */
const QUIET = { OPENAI_API_KEY: "test", OTEL_SDK_DISABLED: "true" };
const DELTA = "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE";

let tools: Toolbox;
/** Has the artifact, and what stands in for the clouds. */
let clouds: string;
const folders = new Map<string, string>();

Deno.test.beforeAll(async () => {
  [tools, clouds] = await Promise.all([toolbox(), installedProject(["@edge-runtime/vm@5.0.0"])]);
  for (const file of ["lambda.mjs", "contract/edge_vm.mjs"]) {
    await Deno.copyFile(new URL(file, import.meta.url), `${clouds}/${file.replace("contract/", "")}`);
  }
  for (const [name, { install }] of Object.entries(deployments)) {
    const folder = await Deno.makeTempDir({ prefix: `sik-llms-${name}-` });
    folders.set(name, folder);
    await copyTree(exampleOf(name), folder);
    await (install?.(folder) ?? npmInstall(folder, [`${clouds}/artifact.tgz`]));
  }
});

Deno.test.afterAll(async () => {
  for (const folder of [clouds, ...folders.values()]) await Deno.remove(folder, { recursive: true });
});

const exampleOf = (name: string): string => fileURLToPath(new URL(`examples/${name}`, ROOT));

const deployments: Readonly<Record<string, Deployment>> = {
  aws_lambda: {
    main: "main.ts",
    delta: true,
    async start(folder, env) {
      const { scripts } = await jsonc(`${folder}/package.json`);
      const [, version = "", flags = ""] = /^npx --yes esbuild@(\S+) (.*)$/.exec(scripts.build) ?? [];
      await runWell(await tool("esbuild", version), [...flags.split(" "), "--log-level=warning"], { cwd: folder });
      // What is zipped is this file alone.
      const index = `${await Deno.makeTempDir({ dir: clouds })}/index.mjs`;
      await Deno.rename(`${folder}/dist/index.mjs`, index);
      const { Variables } = await jsonc(`${folder}/environment.json`);
      return await startServer(tools.node, ["lambda.mjs", index], { cwd: clouds, env: { ...Variables, ...env } });
    },
  },
  bun_server: {
    main: "main.ts",
    async start(folder, env) {
      const { scripts } = await jsonc(`${folder}/package.json`);
      const [program, ...args] = scripts.start.split(" ");
      assertEquals(program, "bun");
      return await startServer(tools.bun, args, { cwd: folder, env: { ...env, PORT: "0" } });
    },
  },
  cloudflare_worker: {
    main: "main.ts",
    delta: true,
    after: true,
    async start(folder, env) {
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
    main: "main.ts",
    // The sources, as JSR would serve them: those name their packages by themselves.
    async install(folder) {
      const [own, theirs] = await Promise.all([
        jsonc(fileURLToPath(new URL("deno.json", ROOT))),
        jsonc(`${folder}/deno.json`),
      ]);
      assertEquals(theirs.imports, { "@sik/llms": `jsr:@sik/llms@^${own.version}` });
      const imports = { ...own.imports, "@sik/llms": new URL(own.exports["."], ROOT).href };
      await Deno.writeTextFile(`${folder}/deno.json`, JSON.stringify({ ...theirs, imports }));
    },
    async start(folder, env) {
      const { tasks } = await jsonc(`${folder}/deno.json`);
      const [program, serve, ...args] = tasks.start.replaceAll("'", "").split(" ");
      assertEquals([program, serve], ["deno", "serve"]);
      const how = ["serve", "--host=127.0.0.1", "--port=0", "--no-prompt", "--no-lock", ...args];
      return await startServer(Deno.execPath(), how, { cwd: folder, env });
    },
  },
  vercel_edge: {
    main: "api/chat.ts",
    after: true,
    async start(folder, env) {
      const flags = { conditions: ["edge-light", "worker", "browser"], global: "edgeFunction" };
      await bundle(`${folder}/api/chat.ts`, `${folder}/edge.js`, flags);
      const how = ["edge_vm.mjs", `${folder}/edge.js`, "AsyncLocalStorage"];
      return await startServer(tools.node, how, { cwd: clouds, env });
    },
  },
};

/** Starts an example in the folder that was made for it. */
const started = (name: string, deployment: Deployment, env: Env): Promise<Server> =>
  deployment.start(folders.get(name) ?? "", env);

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

Deno.test("the examples that deploy have one endpoint, the same in every folder", async () => {
  const paths = Object.keys(deployments).map((name) => `${exampleOf(name)}/chat_endpoint.ts`);
  const texts = new Set(await Promise.all(paths.map((path) => Deno.readTextFile(path))));
  assertEquals([paths.length, texts.size], [5, 1]);
});

for (const [name, deployment] of Object.entries(deployments)) {
  Deno.test(`the header of examples/${name} names every variable that is to be set`, async () => {
    const header = (await Deno.readTextFile(`${exampleOf(name)}/${deployment.main}`)).split("*/")[0] ?? "";
    // Or the file that it sends the reader to.
    const files = ["environment.json", "wrangler.jsonc"].filter((file) => header.includes(file));
    const texts = await Promise.all(files.map((file) => Deno.readTextFile(`${exampleOf(name)}/${file}`)));
    const needed = name === "bun_server" ? SWITCH : [...SWITCH, DELTA]; // Instances of the others come and go.
    for (const variable of needed) assertStringIncludes([header, ...texts].join("\n"), variable);
  });

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
    await using server = await started(name, deployment, variables(vendor.url, receiver.url));

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
    const counted = receiver.metrics().find((point) => point.name === "llm_requests_total");
    assertEquals([counted?.value, counted?.temporality], [1, deployment.delta ? "delta" : "cumulative"]);
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
    await using server = await started(name, deployment, variables(vendor.url, receiver.url));
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
    await using server = await started(name, deployment, { ...QUIET, OPENAI_BASE_URL: vendor.url });
    const response = await fetch(`${server.url}/chat`, { method: "POST", body: "Capital of France?" });
    assertEquals([response.status, (await response.json()).error], [502, "AuthenticationError"]);
  });

  Deno.test(`examples/${name} asks the vendor nothing where there is no question`, async () => {
    await using vendor = startChatServer();
    await using server = await started(name, deployment, { ...QUIET, OPENAI_BASE_URL: vendor.url });
    const response = await fetch(`${server.url}/chat`, { method: "POST", body: " \n" });
    assertEquals([response.status, await response.text()], [400, "The question is empty.\n"]);
    assertEquals(vendor.requests(), []);
  });
}
