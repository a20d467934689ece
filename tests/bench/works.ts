/**
 * What is measured: each work is one call, told apart by the name of the model that is asked.
 *
 * @module
 */

/** How it is asked. */
export type Dialect = "chat" | "responses" | "anthropic";

/** One kind of call. */
export interface Work {
  /** As it stands in the table. */
  readonly name: string;
  /** What the vendor is asked for: `stream-<chunks>-<chunks per write>`, or `plain`. */
  readonly model: string;
  /** How the vendor is asked. */
  readonly dialect: Dialect;
  /** Calls of one round: enough that a round takes some tenths of a second. */
  readonly calls: number;
  /** How many of them run at once. Default: 1. */
  readonly atOnce?: number | undefined;
  /** The most CPU over the raw floor that ours may take, with telemetry off and on. */
  readonly targets?: { readonly off: number; readonly on: number } | undefined;
}

const LONG = { off: 1.15, on: 1.3 };
const PLAIN = { off: 1.3, on: 1.8 };

/** Every kind of call. */
export const works: readonly Work[] = [
  { name: "chat, plain", dialect: "chat", model: "plain", calls: 400, targets: PLAIN },
  { name: "chat, 20 chunks, 20 per write", dialect: "chat", model: "stream-20-20", calls: 300 },
  { name: "chat, 200 chunks, 20 per write", dialect: "chat", model: "stream-200-20", calls: 150 },
  { name: "chat, 1,000 chunks, 20 per write", dialect: "chat", model: "stream-1000-20", calls: 60, targets: LONG },
  {
    name: "chat, 1,000 chunks, 1 per write",
    dialect: "chat",
    model: "stream-1000-1",
    calls: 15,
    targets: { off: 1.05, on: 1.1 },
  },
  { name: "chat, 10,000 chunks, 20 per write", dialect: "chat", model: "stream-10000-20", calls: 6 },
  { name: "chat, 200 chunks, 100 calls at once", dialect: "chat", model: "stream-200-20", calls: 300, atOnce: 100 },
  {
    name: "chat, 200 chunks, 1,000 calls at once",
    dialect: "chat",
    model: "stream-200-20",
    calls: 1_000,
    atOnce: 1_000,
  },
  { name: "responses, plain", dialect: "responses", model: "plain", calls: 400, targets: PLAIN },
  {
    name: "responses, 1,000 chunks, 20 per write",
    dialect: "responses",
    model: "stream-1000-20",
    calls: 60,
    targets: LONG,
  },
  { name: "anthropic, plain", dialect: "anthropic", model: "plain", calls: 400, targets: PLAIN },
  {
    name: "anthropic, 1,000 chunks, 20 per write",
    dialect: "anthropic",
    model: "stream-1000-20",
    calls: 60,
    targets: LONG,
  },
];

/** How many chunks, and how many of them at a time; undefined where the answer is one body. */
export function shapeOf(model: string): { readonly chunks: number; readonly perWrite: number } | undefined {
  const [, chunks, perWrite] = /^stream-(\d+)-(\d+)$/.exec(model) ?? [];
  return chunks === undefined ? undefined : { chunks: Number(chunks), perWrite: Number(perWrite) };
}
