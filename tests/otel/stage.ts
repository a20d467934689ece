/**
 * A vendor, a receiver, and programs that run between them, each in a process of its own.
 *
 * @module
 */
import { type ChatServer, startChatServer } from "../runtimes/chat_server.ts";
import { auditedRun, type Observed, type ObservedOptions } from "../runtimes/observed.ts";
import { type OtlpReceiver, startReceiver } from "../support/otlp_receiver.ts";

/** One run of a program. */
export interface Run extends ObservedOptions {
  /** From the root of the repository. */
  readonly program: string;
  /** What it is told to do. */
  readonly name: string;
  /** What it is told besides; what is no text arrives as JSON. */
  readonly argument?: unknown;
  /** Beside the vendor's key and address, and the receiver's address. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** All of them, unless given. */
  readonly permissions?: readonly string[] | undefined;
}

/** A run that has ended well. */
export interface Played extends Observed {
  /** What the program printed as JSON. */
  // deno-lint-ignore no-explicit-any -- what each of them prints is its own
  readonly found: any;
}

/** A vendor and a receiver, and what runs between them. */
export interface Stage extends AsyncDisposable {
  readonly vendor: ChatServer;
  readonly receiver: OtlpReceiver;
  /** Runs a program that must end well. */
  play(run: Run): Promise<Played>;
}

/** Sets the stage; `await using on = stage()` clears it at the end of the block. */
export function stage(options: Parameters<typeof startChatServer>[0] = {}): Stage {
  const vendor = startChatServer(options);
  const receiver = startReceiver();
  return {
    vendor,
    receiver,
    async play({ program, name, argument = "", env, permissions = ["-A"], ...more }) {
      const text = typeof argument === "string" ? argument : JSON.stringify(argument);
      const ended = await auditedRun(["--no-prompt", ...permissions, program, name, text], {
        ...more,
        env: {
          OPENAI_API_KEY: "test",
          OPENAI_BASE_URL: vendor.url,
          OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
          ...env,
        },
      });
      return { ...ended, found: JSON.parse(ended.stdout) };
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([vendor[Symbol.asyncDispose](), receiver.close()]);
    },
  };
}
