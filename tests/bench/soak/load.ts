/**
 * The mixed work of a soak, and how many calls of it ended in which way.
 *
 * @module
 */
import { type Client, createClient, type Message } from "../../../mod.ts";
import { AT_ONCE, type Ending, endings, type Kind, kindOf } from "./kinds.ts";

/** Between two calls: a server that is busy, and does not drown. */
const PAUSE_MS = 40;
/** For calls that stall; the others end by themselves. */
const DEADLINE_MS = 300;

/** What has been asked so far. */
export interface Load {
  readonly made: number;
  /** Calls that rejected. */
  readonly failed: number;
  /** Calls that ended in another way than their kind does, in words. */
  readonly surprises: readonly string[];
  /** Begins no more calls, and resolves when the last has ended. */
  stop(): Promise<void>;
}

/** Begins to ask the vendor at `baseUrl`. */
export function startLoad(baseUrl: string): Load {
  const clients = new Map<Kind, Client>();
  const clientOf = (kind: Kind): Client => {
    const client = clients.get(kind) ?? createClient(kind, {
      provider: "openai",
      baseUrl,
      apiKey: "test-key",
      price: { input: 1, output: 1 },
      maxRetries: 1,
      timeouts: kind === "stall" ? { totalMs: DEADLINE_MS } : {},
    });
    clients.set(kind, client);
    return client;
  };

  let [made, failed, running] = [0, 0, true];
  const surprises: string[] = [];
  const ask = async () => {
    while (running) {
      const number = made++;
      const kind = kindOf(number);
      const [ending, error] = await endingOf(clientOf(kind), kind, number);
      if (ending === "error") failed++;
      if (ending !== endings[kind]) surprises.push(`${kind} ended in ${ending}: ${error}`);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  };
  const asking = Array.from({ length: AT_ONCE }, ask);
  return {
    get made() {
      return made;
    },
    get failed() {
      return failed;
    },
    surprises,
    async stop() {
      running = false;
      await Promise.all(asking);
    },
  };
}

/** Asks once. */
async function endingOf(client: Client, kind: Kind, number: number): Promise<[Ending, error?: unknown]> {
  const question: Message[] = [{ role: "user", content: `Question ${number}` }];
  const abort = new AbortController();
  try {
    if (kind === "plain") await client.run(question, { streaming: false });
    else {
      for await (const { type } of client.stream(question, { signal: abort.signal })) {
        if (type !== "text") continue;
        if (kind === "break") return ["given up"];
        if (kind === "abort") abort.abort();
      }
    }
    return ["answer"];
  } catch (error) {
    return abort.signal.aborted && error === abort.signal.reason ? ["given up"] : ["error", error];
  }
}
