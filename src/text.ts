/**
 * Cuts texts.
 *
 * @module
 */

/** The first `longest` characters of a text, without half of a code point at their end. */
export function cutOnCodePoint(text: string, longest: number): string {
  if (text.length <= longest) return text;
  const last = text.charCodeAt(longest - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? longest - 1 : longest);
}
