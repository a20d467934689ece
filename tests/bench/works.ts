/**
 * What is measured: each work is one call, told apart by the name of the model that is asked.
 *
 * @module
 */

/** One kind of call. */
export interface Work {
  /** As it stands in the table. */
  readonly name: string;
  /** What the vendor is asked for: `stream-<chunks>-<chunks per write>`, or `plain`. */
  readonly model: string;
  /** Calls of one round: enough that a round takes some tenths of a second. */
  readonly calls: number;
  /** The most CPU over the raw floor that ours may take, with telemetry off and on. */
  readonly targets?: { readonly off: number; readonly on: number } | undefined;
}

/** Every kind of call. */
export const works: readonly Work[] = [
  { name: "plain call", model: "plain", calls: 400, targets: { off: 1.3, on: 1.8 } },
  { name: "stream, 20 chunks, 20 per write", model: "stream-20-20", calls: 300 },
  { name: "stream, 200 chunks, 20 per write", model: "stream-200-20", calls: 150 },
  { name: "stream, 1,000 chunks, 20 per write", model: "stream-1000-20", calls: 60, targets: { off: 1.15, on: 1.3 } },
  { name: "stream, 1,000 chunks, 1 per write", model: "stream-1000-1", calls: 15, targets: { off: 1.05, on: 1.1 } },
  { name: "stream, 10,000 chunks, 20 per write", model: "stream-10000-20", calls: 6 },
];

/** How many chunks, and how many of them at a time; undefined where the answer is one body. */
export function shapeOf(model: string): { readonly chunks: number; readonly perWrite: number } | undefined {
  const [, chunks, perWrite] = /^stream-(\d+)-(\d+)$/.exec(model) ?? [];
  return chunks === undefined ? undefined : { chunks: Number(chunks), perWrite: Number(perWrite) };
}
