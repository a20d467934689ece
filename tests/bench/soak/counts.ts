/**
 * What is counted during a soak, and the verdict on it.
 *
 * @module
 */
import { slope } from "../statistics.ts";
import { AT_ONCE } from "./kinds.ts";

/** What the vendor and its back end have seen. */
export interface Counts {
  /** Connections that are open now. */
  readonly sockets: number;
  /** Attempts, retries included. */
  readonly requests: number;
  readonly spans: number;
  /** Sums by name. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** What was seen at one moment. */
export interface Sample {
  readonly minute: number;
  /** After a collection. */
  readonly heapMB: number;
  readonly sockets: number;
}

/** What has come of all calls. */
export interface Total {
  readonly made: number;
  readonly failed: number;
  /** Of the exported metrics. */
  readonly requests: number;
  readonly failures: number;
  readonly surprises: readonly string[];
}

/** The most that the heap may grow: a kilobyte lost a call would be twenty times as much. */
const MOST_MB_A_MINUTE = 0.5;
/** The most that may be open: those of the calls under way, and as many that are being closed or wait for a call. */
const MOST_SOCKETS = 2 * AT_ONCE;
/** The part of a soak in which compilers and caches settle, and how long they take at least. */
const WARMING = { share: 0.2, minutes: 1 };

/** One line of the verdict. */
export interface Line {
  readonly text: string;
  readonly isMet: boolean;
}

/** Whether heap and sockets stay flat, and whether every call is accounted for. */
export function verdict(samples: readonly Sample[], total: Total): readonly Line[] {
  const warm = Math.max((samples.at(-1)?.minute ?? 0) * WARMING.share, WARMING.minutes);
  const heap = slope(samples.filter(({ minute }) => minute > warm).map(({ minute, heapMB }) => [minute, heapMB]));
  const sockets = Math.max(...samples.map((sample) => sample.sockets));
  return [
    {
      text: `heap: ${heap < 0 ? "" : "+"}${heap.toFixed(2)} MB a minute, at most ${MOST_MB_A_MINUTE}`,
      isMet: heap <= MOST_MB_A_MINUTE,
    },
    { text: `open sockets: ${sockets} at the most, ${MOST_SOCKETS} allowed`, isMet: sockets <= MOST_SOCKETS },
    {
      text: `calls: ${total.made} made, ${total.requests} in the metrics`,
      isMet: total.made === total.requests,
    },
    {
      text: `failures: ${total.failed} seen, ${total.failures} in the metrics`,
      isMet: total.failed === total.failures,
    },
    {
      text: `calls that ended as they should not: ${total.surprises.length} ${total.surprises[0] ?? ""}`.trimEnd(),
      isMet: total.surprises.length === 0,
    },
  ];
}
