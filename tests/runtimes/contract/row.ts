/**
 * What program and onlooker share.
 *
 * @module
 */

/** The attribute of every request that names its row, so that its trace is found. */
export const ROW = "contract.row";

/** How long nothing happens between two calls and the third. */
export const IDLE_MS = 1_000;

/** A key for each vendor, that is told apart wherever it turns up. */
export const KEYS = { openai: "key-of-openai", anthropic: "key-of-anthropic" } as const;

/** The trace and the span of whoever calls the instrumented handler. */
export const CALLER = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" } as const;
