/**
 * Rules for options: they come from programs without types, too.
 *
 * @module
 */
import { ConfigError } from "./error.ts";

/** An option, and what it must be. One that is undefined was not given. */
export interface OptionRule {
  /** The option. */
  readonly name: string;
  /** Ends the sentence that begins with the name and "must be". */
  readonly must: string;
  /** Whether a value will do. */
  readonly fits: (value: unknown) => boolean;
}

/**
 * Checks options against their rules.
 *
 * @throws {ConfigError} naming the option and what it must be, never its value; `group` is the option whose own options these are.
 */
export function checkEach(rules: readonly OptionRule[], options: object, group?: string): void {
  for (const { name, must, fits } of rules) {
    const value = (options as Readonly<Record<string, unknown>>)[name];
    if (value === undefined || fits(value)) continue;
    throw new ConfigError(`${group === undefined ? name : `${group}.${name}`} must be ${must}.`);
  }
}

/**
 * Checks that options were given as such.
 *
 * @throws {ConfigError} when they are no object.
 */
export function checkOptions(options: unknown): void {
  if (options === null || typeof options !== "object") throw new ConfigError("The options must be an object.");
}
