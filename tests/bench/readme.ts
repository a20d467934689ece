/**
 * README's table of ratios.
 *
 * @module
 */
import type { Missing, Row } from "./measure.ts";
import { ratioTable } from "./table.ts";

const FENCE = /(<!-- deno task bench --write -->\n)[^]*?(<!-- \/bench -->)/;
const root = new URL("../../", import.meta.url);

/** Puts what was measured into README. */
export async function writeReadme(rows: readonly Row[], missing: readonly Missing[]): Promise<void> {
  const readme = new URL("README.md", root);
  const text = await Deno.readTextFile(readme);
  if (!FENCE.test(text)) throw new Error("README.md has no place for the table.");
  await Deno.writeTextFile(
    readme,
    text.replace(FENCE, (_, open, close) => `${open}\n${ratioTable(rows, missing)}\n\n${close}`),
  );
  const { success } = await new Deno.Command(Deno.execPath(), { args: ["fmt", "--quiet", "README.md"], cwd: root })
    .spawn().status;
  if (!success) throw new Error("README.md could not be formatted.");
}
