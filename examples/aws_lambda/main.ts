/**
 * The chat endpoint as a function of AWS Lambda's, on Node behind a function URL that streams its response. The trace
 * goes on from the caller's, and is sent before the body ends, since the process is frozen then.
 *
 * Needs this folder alone, Node, the AWS CLI and a role that functions may take. Write your key and your collector's
 * address in environment.json, which also switches telemetry on (`OTEL_SDK_DISABLED=false`,
 * `OTEL_EXPORTER_OTLP_ENDPOINT`) and asks for delta temporality: instances come and go, and what each counted is added
 * up where it arrives. Then, in this folder:
 *
 *     npx jsr add @sik/llms
 *     npm run build
 *     zip --junk-paths function.zip dist/index.mjs
 *     aws lambda create-function --function-name chat --runtime nodejs22.x --handler index.handler --timeout 60 \
 *       --zip-file fileb://function.zip --environment file://environment.json --role <the role's ARN>
 *     aws lambda create-function-url-config --function-name chat --auth-type AWS_IAM --invoke-mode RESPONSE_STREAM
 *
 * @module
 */
import { createClient, instrumentHandler } from "@sik/llms";
import { Readable, type Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { answer } from "./chat_endpoint.ts";

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
  const stream = awslambda.HttpResponseStream.from(response, {
    statusCode: status,
    headers: Object.fromEntries(headers),
  });
  stream.write(""); // Status and headers go with the first write, which an answer without a text would never make.
  await pipeline(body === null ? Readable.from([]) : Readable.fromWeb(body), stream);
});

function requestOf({ rawPath, rawQueryString, headers, requestContext, body, isBase64Encoded }: FunctionUrlEvent) {
  const { domainName, http: { method } } = requestContext;
  const url = new URL(`https://${domainName}${rawPath}?${rawQueryString}`);
  const bytes = isBase64Encoded ? Uint8Array.from(atob(body ?? ""), (char) => char.charCodeAt(0)) : body;
  return new Request(url, { method, headers, ...bytes === undefined ? {} : { body: bytes } });
}
