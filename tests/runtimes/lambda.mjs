// Lambda's Node runtime, as far as a function URL that streams needs it: `node lambda.mjs <bundle>` tells its port on
// stdout. https://docs.aws.amazon.com/lambda/latest/dg/config-rs-write-functions.html
import { Buffer } from "node:buffer";
import { createServer } from "node:http";
import process from "node:process";
import { pathToFileURL } from "node:url";

globalThis.awslambda = {
  streamifyResponse: (handler) => handler,
  HttpResponseStream: {
    // Status and headers go with the first write, as theirs do.
    from(response, { statusCode, headers }) {
      const { write } = response;
      response.write = (...args) => {
        response.write = write;
        response.writeHead(statusCode, headers);
        return response.write(...args);
      };
      return response;
    },
  },
};

const { handler } = await import(pathToFileURL(process.argv[2]).href);

const server = createServer(async (incoming, outgoing) => {
  try {
    const { pathname, search } = new URL(incoming.url, "http://function");
    const body = Buffer.concat(await Array.fromAsync(incoming));
    await handler({
      rawPath: pathname,
      rawQueryString: search.slice(1),
      headers: incoming.headers,
      requestContext: { domainName: "function.example", http: { method: incoming.method } },
      ...(body.length === 0 ? {} : { body: body.toString("base64") }),
      isBase64Encoded: true,
    }, outgoing);
  } catch (error) {
    console.error(error);
    outgoing.destroy();
  }
});
server.listen(0, "127.0.0.1", () => console.log(JSON.stringify({ port: server.address().port })));
