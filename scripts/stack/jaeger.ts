/**
 * Jaeger's query API, as far as it is asked here, and a trace as a picture.
 *
 * @module
 */

/** A span as Jaeger gives it. */
export interface JaegerSpan {
  readonly spanID: string;
  readonly operationName: string;
  readonly startTime: number;
  readonly references: readonly { readonly refType: string; readonly spanID: string }[];
  readonly tags: readonly { readonly key: string; readonly value: unknown }[];
}

/** The spans of a trace; undefined where Jaeger does not have it. */
export async function trace(base: string, traceId: string): Promise<readonly JaegerSpan[] | undefined> {
  const response = await fetch(`${base}/api/traces/${traceId}`);
  const { data } = await response.json();
  return response.ok ? data?.[0]?.spans : undefined;
}

/** The services that Jaeger knows. */
export async function services(base: string): Promise<readonly string[]> {
  const response = await fetch(`${base}/api/services`);
  return (await response.json()).data ?? [];
}

/** A tag of a span. */
export function tag(span: JaegerSpan, key: string): unknown {
  return span.tags.find((each) => each.key === key)?.value;
}

/** A trace as lines of names, children below their parents, in the order in which they began; twins are sorted. */
export function picture(spans: readonly JaegerSpan[]): string {
  const ids = new Set(spans.map(({ spanID }) => spanID));
  const parentOf = ({ references }: JaegerSpan) =>
    references.find(({ refType, spanID }) => refType === "CHILD_OF" && ids.has(spanID))?.spanID;
  const draw = (parent: string | undefined, depth: number): string[] => {
    const children = spans.filter((span) => parentOf(span) === parent).sort((a, b) => a.startTime - b.startTime);
    const drawn = children.map((span) =>
      [`${"  ".repeat(depth)}${span.operationName}`, ...draw(span.spanID, depth + 1)].join("\n")
    );
    return drawn;
  };
  return draw(undefined, 0).join("\n");
}

/** How many traces of the last hour a search finds; its parameters are those of Jaeger's own page. */
export async function search(base: string, parameters: URLSearchParams): Promise<number> {
  const now = Date.now() * 1000;
  const all = new URLSearchParams([...parameters, ["start", `${now - 3_600_000_000}`], ["end", `${now}`]]);
  const response = await fetch(`${base}/api/traces?${all}`);
  const { data, errors } = await response.json();
  if (!response.ok) throw new Error(JSON.stringify(errors));
  return data.length;
}
