/**
 * The chat endpoint as a function of AWS Lambda's, on Node behind a function URL that streams its response. The trace
 * goes on from the caller's, and is sent before the body ends, since the process is frozen then.
 *
 *     npx jsr add @sik/llms
 *     npx esbuild main.ts --bundle --platform=node --format=esm --outfile=dist/index.mjs
 *     aws lambda create-function … --runtime nodejs22.x --handler index.handler
 *     aws lambda create-function-url-config … --invoke-mode RESPONSE_STREAM
 *
 * @module
 */
import { createClient, instrumentHandler } from "@sik/llms";
import { Readable, type Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { answer } from "../support/chat_endpoint.ts";

/** What is used of an event: https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html */
interface FunctionUrlEvent {
  readonly rawPath: string;
  readonly rawQueryString: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly requestContext: { readonly domainName: string; readonly http: { readonly method: string } };
  readonly body?: string;
  readonly isBase64Encoded: boolean;
}

/** What Lambda's Node runtime has: https://docs.aws.amazon.com/lambda/latest/dg/config-rs-write-functions.html */
declare const awslambda: {
  streamifyResponse(handler: (event: FunctionUrlEvent, response: Writable) => Promise<void>): unknown;
  readonly HttpResponseStream: {
    from(
      response: Writable,
      head: { readonly statusCode: number; readonly headers: Readonly<Record<string, string>> },
    ): Writable;
  };
};

const client = createClient("gpt-4o-mini");
const handle = instrumentHandler(
  (request: Request) => answer(request, client),
  { spanName: ({ method }) => `${method} /chat` },
);

/** What Lambda calls. */
export const handler = awslambda.streamifyResponse(async (event, response) => {
  const { status, headers, body } = await handle(requestOf(event));
  const head = { statusCode: status, headers: Object.fromEntries(headers) };
  await pipeline(
    body === null ? Readable.from([]) : Readable.fromWeb(body),
    awslambda.HttpResponseStream.from(response, head),
  );
});

function requestOf({ rawPath, rawQueryString, headers, requestContext, body, isBase64Encoded }: FunctionUrlEvent) {
  const { domainName, http: { method } } = requestContext;
  const url = new URL(`https://${domainName}${rawPath}?${rawQueryString}`);
  const bytes = isBase64Encoded ? Uint8Array.from(atob(body ?? ""), (char) => char.charCodeAt(0)) : body;
  return new Request(url, { method, headers, ...bytes === undefined ? {} : { body: bytes } });
}
