/**
 * A program that reads queries of TraceQL, its arguments, with Tempo's own parser, and says what is wrong with it. The newest Tempo
 * that Go can ask for is 1.5.0, whose parser knows the language as it was when it was new; the pages stay within that.
 *
 * @module
 */
import { run } from "./command.ts";

/** The module and the package inside it. */
export const tempo = { module: "github.com/grafana/tempo", version: "v1.5.0", path: "pkg/traceql" } as const;

const source = `package main

import (
	"fmt"
	"os"

	"stack/traceql/traceql"
)

func main() {
	failed := false
	for _, query := range os.Args[1:] {
		if _, err := traceql.Parse(query); err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\\n", query, err)
			failed = true
		}
	}
	if failed {
		os.Exit(1)
	}
}
`;

/** Builds the program; the package alone is taken out of the module, since nothing else of it is needed. */
export async function buildTraceql(folder: string, file: string): Promise<void> {
  const { module, version, path } = tempo;
  const { Dir: home } = JSON.parse(await run("go", ["mod", "download", "-json", `${module}@${version}`]));
  const mod = await Deno.readTextFile(`${home}/go.mod`);
  const [common] = /github\.com\/prometheus\/common v\S+/.exec(mod) ?? [];
  if (common === undefined) throw new Error(`${module}@${version} does not say which prometheus/common it needs`);
  await Deno.mkdir(`${folder}/traceql`);
  for await (const { name, isFile } of Deno.readDir(`${home}/${path}`)) {
    if (!isFile || !name.endsWith(".go") || name.endsWith("_test.go")) continue;
    await Deno.writeTextFile(`${folder}/traceql/${name}`, await Deno.readTextFile(`${home}/${path}/${name}`));
  }
  await Deno.writeTextFile(`${folder}/main.go`, source);
  await Deno.writeTextFile(`${folder}/go.mod`, `module stack/traceql\n\ngo 1.26\n\nrequire ${common}\n`);
  await Deno.writeTextFile(`${folder}/go.sum`, await Deno.readTextFile(`${home}/go.sum`));
  await run("go", ["build", "-mod=mod", "-trimpath", "-o", file, "."], { cwd: folder });
}
