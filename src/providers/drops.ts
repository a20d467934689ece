/**
 * What a request loses on its way to a vendor that would refuse it, and how the reader is told.
 *
 * @module
 */
import type { Notice } from "../provider.ts";

/** What a request loses. */
export interface Drops {
  /** Notes that an option was left out, and why, as in "OpenAI does not have it". */
  drop(name: string, why: string): void;
  /** The value; where it is given and `refused`, undefined, and a note. */
  unless<T>(refused: boolean, name: string, value: T | undefined, why: string): T | undefined;
  /** Notes that an option was sent as another value, in one sentence. */
  change(message: string): void;
  /** One notice for each reason, and for each change. */
  notices(): readonly Notice[];
}

/** Makes the list of one request. */
export function gatherDrops(): Drops {
  const namesByReason = new Map<string, string[]>();
  const changes: string[] = [];
  const drop = (name: string, why: string): void => {
    const names = namesByReason.get(why);
    if (names === undefined) namesByReason.set(why, [name]);
    else names.push(name);
  };
  return {
    drop,
    unless(refused, name, value, why) {
      if (value === undefined || !refused) return value;
      drop(name, why);
      return undefined;
    },
    change(message) {
      changes.push(message);
    },
    notices() {
      const dropped = [...namesByReason].map(([why, names]) => ({
        code: "parameter_dropped",
        message: names.length === 1
          ? `${listed(names)} was left out: ${why}.`
          : `${listed(names)} were left out: ${ofSeveral(why)}.`,
      }));
      return [...dropped, ...changes.map((message) => ({ code: "parameter_changed", message }))];
    },
  };
}

/** The same reason where it is about more than one option. */
function ofSeveral(why: string): string {
  return why.replace(/\b(do(?:es)? not (?:have|take)) it\b/, "$1 them");
}

function listed(names: readonly string[]): string {
  const last = names.at(-1) ?? "";
  return names.length < 2 ? last : `${names.slice(0, -1).join(", ")} and ${last}`;
}
