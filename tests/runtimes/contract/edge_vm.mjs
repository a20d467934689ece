// Vercel's edge VM in front of a bundled edge function: `node edge_vm.mjs <bundle> [AsyncLocalStorage]` tells its port on
// stdout. The bundle leaves the function as the default export of a global named edgeFunction. process.env has the
// variables, and where asked for AsyncLocalStorage is a global: both as in Next.js's sandbox around this VM.
import { EdgeVM } from "@edge-runtime/vm";
import { AsyncLocalStorage } from "node:async_hooks";
import { Buffer } from "node:buffer";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import process from "node:process";

const [bundle, ...more] = process.argv.slice(2);
const globals = {
  process: { env: { ...process.env } },
  ...(more.includes("AsyncLocalStorage") && { AsyncLocalStorage }),
};
const vm = new EdgeVM({ extend: (context) => Object.assign(context, globals) });
vm.evaluate(await readFile(bundle, "utf8"));
vm.evaluate(`addEventListener("fetch", (event) => {
  event.respondWith(edgeFunction.default(event.request, { waitUntil: (promise) => event.waitUntil(promise) }));
});`);

const server = createServer(async (incoming, outgoing) => {
  try {
    const body = Buffer.concat(await Array.fromAsync(incoming)).toString();
    const { method, headers, url } = incoming;
    const init = { method, headers, ...(method === "GET" || method === "HEAD" ? {} : { body }) };
    const response = await vm.dispatchFetch(new URL(url, `http://${headers.host}`).href, init);
    outgoing.writeHead(response.status, Object.fromEntries(response.headers));
    const reader = response.body?.getReader();
    outgoing.on("close", () => void reader?.cancel());
    for (let read = await reader?.read(); read?.done === false; read = await reader.read()) outgoing.write(read.value);
    outgoing.end();
    await response.waitUntil();
  } catch (error) {
    console.error(error);
    outgoing.destroy();
  }
});
server.listen(0, "127.0.0.1", () => console.log(JSON.stringify({ port: server.address().port })));
