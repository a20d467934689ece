/**
 * What it means where no response came: each runtime tells it in its own way.
 *
 * @module
 */
import { ConnectionError } from "./error.ts";
import { neverAgain } from "./retryable.ts";
import { identifier } from "./vendor_error.ts";

/**
 * The error of a request that got no response. The runtime's own text may hold the URL with its query, so the cause
 * keeps only its name and its code.
 */
export function connectionErrorOf(error: unknown, url: string): ConnectionError {
  const host = new URL(url).host;
  const code = systemCodeOf(error);
  const cause = new Error(code ?? "the runtime gave no code");
  cause.name = identifier((error as { readonly name?: unknown } | null)?.name) ?? "Error";
  cause.stack = `${cause.name}: ${cause.message}`;
  const said = code === undefined ? "" : ` (${code})`;
  if (cause.name === "NotCapable" || cause.name === "PermissionDenied") {
    const message = `Connecting to ${host} is not permitted; run with --allow-net=${host}.`;
    return neverAgain(new ConnectionError(message, { cause }));
  }
  if (isTlsFailure(error, code)) {
    const message = `No secure connection to ${host}${said}; check its certificate.`;
    return neverAgain(new ConnectionError(message, { cause }));
  }
  return new ConnectionError(`No connection to ${host}${said}; check the base URL and the network.`, { cause });
}

/** Node and Deno put the system's code on the cause, Bun on the error itself, workerd nowhere. */
function systemCodeOf(error: unknown): string | undefined {
  for (let at = error as { code?: unknown; cause?: unknown } | undefined, depth = 0; at && depth < 4; depth++) {
    const code = identifier(at.code);
    if (code !== undefined) return code;
    at = at.cause as typeof at;
  }
  // Deno says it in its text alone.
  const number = /\(os error (\d{1,5})\)/.exec(error instanceof Error ? error.message : "")?.[1];
  return number === undefined ? undefined : `os_error_${number}`;
}

/** What fails before anybody looked at a certificate, and may be lost in the handshake as anywhere. */
const LOST: ReadonlySet<string | undefined> = new Set(
  ["ECONNRESET", "ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "ETIMEDOUT", "EPIPE", "EHOSTUNREACH", "ENETUNREACH"],
);

function isTlsFailure(error: unknown, code: string | undefined): boolean {
  if (LOST.has(code)) return false;
  if (code !== undefined && /CERT|TLS|SSL|SELF_SIGNED|VERIFY/.test(code)) return true;
  // Without the address: its host or path may be named so.
  const texts = [error, (error as { readonly cause?: unknown } | null)?.cause].map((e) =>
    e instanceof Error ? e.message.replaceAll(/https?:\/\/\S+/g, "") : ""
  );
  // The last two are rustls, Deno's: the other side refuses the handshake, or speaks no TLS.
  if (texts.some((text) => /handshake eof|before secure TLS connection/i.test(text))) return false;
  return texts.some((text) => /certificate|\bTLS\b|\bSSL\b|fatal alert|corrupt message/i.test(text));
}
