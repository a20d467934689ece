/**
 * What a back end's answer to an export mostly means, and what to do.
 *
 * @module
 */

/** Patterns of the exporter's reasons, and the mistake behind each. */
const CAUSES: readonly (readonly [RegExp, string])[] = [
  [
    /cannot be reached/,
    "Is a receiver running there? In a container localhost is the container itself; Deno needs --allow-net for it.",
  ],
  [/did not answer in time/, "It is slow, or something between here and there swallows the connection."],
  [/web page/, "That is a web interface: the OTLP port is another one, mostly 4318."],
  [/HTTP 40[13]/, "It wants a key: set OTEL_EXPORTER_OTLP_HEADERS (name=value, percent-encoded)."],
  [/HTTP (?:404|405|501).*metrics are paused/, "Traces-only back ends, Jaeger among them, answer so."],
  [
    /HTTP (?:404|405|501)/,
    "The path is wrong: set OTEL_EXPORTER_OTLP_ENDPOINT to the base alone, with the vendor's own path before /v1 (as in https://host/otlp).",
  ],
  [/HTTP 415/, "It does not take this encoding: set OTEL_EXPORTER_OTLP_PROTOCOL to http/json or http/protobuf."],
  [/HTTP 413/, "The batch is too large for it: lower OTEL_BSP_MAX_EXPORT_BATCH_SIZE."],
  [/HTTP 400/, "It could not read the request: try the other OTEL_EXPORTER_OTLP_PROTOCOL."],
  [/HTTP 429/, "It limits how much it takes: sample, or send less often."],
  [/HTTP 3\d\d/, "Redirects are not followed: give the address it redirects to."],
  [/HTTP 5\d\d/, "It has trouble of its own; its log says more."],
  [/rejected/, "It took the request and rejected part of it; its log says why."],
  [/exporter (?:threw|reported|did not)/i, "That exporter was given in code."],
];

/** The reason with what it mostly means. */
export function explainAnswer(reason: string): string {
  const cause = CAUSES.find(([pattern]) => pattern.test(reason));
  return cause === undefined ? `${reason}.` : `${reason}. ${cause[1]}`;
}
