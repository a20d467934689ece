// Preloaded by tests, under Deno and Node: tells on stderr, at the end, which modules the program loaded.
import { registerHooks } from "node:module";
import process from "node:process";

const loaded = new Set();
registerHooks({
  load(url, context, next) {
    loaded.add(url);
    return next(url, context);
  },
});
process.on("exit", () => console.error(`MODULES ${JSON.stringify([...loaded])}`));
