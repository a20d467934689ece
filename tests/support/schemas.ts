/**
 * Schemas of the user's own that do what a schema should not.
 *
 * @module
 */

/** A schema that never says whether a value fits, and when it is asked first. */
export function thinkingForEver() {
  const { promise: asked, resolve } = Promise.withResolvers<void>();
  const schema = {
    "~standard": {
      version: 1,
      vendor: "own",
      validate() {
        resolve();
        return new Promise<never>(() => {});
      },
      jsonSchema: { input: () => ({ type: "object" }) },
    },
  } as const;
  return { schema, asked };
}
