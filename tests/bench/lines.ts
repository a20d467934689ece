/**
 * Text in lines.
 *
 * @module
 */

/** Cuts pieces of text at their line feeds. */
export class TextLineStream extends TransformStream<string, string> {
  /** Makes one. */
  constructor() {
    let rest = "";
    super({
      transform(piece, controller) {
        const lines = (rest + piece).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) controller.enqueue(line);
      },
    });
  }
}
