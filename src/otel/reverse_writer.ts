/**
 * Writes protobuf from its end to its beginning: a message's length is known once its content stands, and nothing has to
 * be measured before or moved after (https://protobuf.dev/programming-guides/encoding/).
 *
 * @module
 */

const VARINT = 0;
const FIXED64 = 1;
const DELIMITED = 2;
const FIXED32 = 5;

const encoder = new TextEncoder();
const BEGINNING_BYTES = 64 * 1024;

/** What is written last stands first: fields are written from the last one to the first. */
export class ReverseWriter {
  #bytes = new Uint8Array(BEGINNING_BYTES);
  #view = new DataView(this.#bytes.buffer);
  #at = BEGINNING_BYTES;

  /** How much is written. */
  get length(): number {
    return this.#bytes.length - this.#at;
  }

  /** A copy of what was written; the writer begins anew. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = this.#bytes.slice(this.#at);
    this.#at = this.#bytes.length;
    return taken;
  }

  /** A whole number of 64 bits; one below zero takes ten bytes. */
  integer(field: number, value: number): void {
    if (value < 0 || value > Number.MAX_SAFE_INTEGER) this.#long(BigInt.asUintN(64, BigInt(value)));
    else this.#varint(value);
    this.#varint(field << 3 | VARINT);
  }

  /** A number of 64 bits with a fraction. */
  double(field: number, value: number): void {
    this.#room(8);
    this.#view.setFloat64(this.#at -= 8, value, true);
    this.#varint(field << 3 | FIXED64);
  }

  /** A time as nanoseconds. */
  time(field: number, [seconds, nanoseconds]: readonly [number, number]): void {
    this.#room(8);
    const all = BigInt(seconds) * 1_000_000_000n + BigInt(Math.trunc(nanoseconds));
    this.#view.setBigUint64(this.#at -= 8, all, true);
    this.#varint(field << 3 | FIXED64);
  }

  /** Flags of 32 bits. */
  flags(field: number, value: number): void {
    this.#room(4);
    this.#view.setUint32(this.#at -= 4, value, true);
    this.#varint(field << 3 | FIXED32);
  }

  /** A text. */
  text(field: number, value: string): void {
    const before = this.length;
    const { length } = value;
    this.#room(length);
    const bytes = this.#bytes;
    let at = this.#at;
    for (let index = length - 1; index >= 0; index--) {
      const code = value.charCodeAt(index);
      if (code > 0x7f) return this.bytes(field, encoder.encode(value)); // What was written is written over.
      bytes[--at] = code;
    }
    this.#at = at;
    this.message(field, before);
  }

  /** Bytes. */
  bytes(field: number, value: Uint8Array): void {
    const before = this.length;
    this.#room(value.length);
    this.#bytes.set(value, this.#at -= value.length);
    this.message(field, before);
  }

  /** Bytes that are spelled in hexadecimal digits, as ids are. */
  hex(field: number, digits: string): void {
    const before = this.length;
    this.#room(digits.length >> 1);
    for (let index = digits.length - 2; index >= 0; index -= 2) {
      this.#bytes[--this.#at] = digit(digits.charCodeAt(index)) << 4 | digit(digits.charCodeAt(index + 1));
    }
    this.message(field, before);
  }

  /** Makes a message of everything that was written since the {@linkcode length} was `before`. */
  message(field: number, before: number): void {
    this.#varint(this.length - before);
    this.#varint(field << 3 | DELIMITED);
  }

  #varint(value: number): void {
    this.#room(8);
    if (value < 0x80) {
      this.#bytes[--this.#at] = value;
      return;
    }
    let size = 1;
    for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size++;
    this.#at -= size;
    let rest = value;
    for (let at = this.#at; at < this.#at + size - 1; at++) {
      this.#bytes[at] = rest % 0x80 | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#at + size - 1] = rest;
  }

  #long(value: bigint): void {
    const septets: number[] = [];
    for (let rest = value; rest > 0n; rest >>= 7n) septets.push(Number(rest & 0x7fn) | 0x80);
    septets[septets.length - 1]! &= 0x7f;
    this.#room(septets.length);
    this.#bytes.set(septets, this.#at -= septets.length);
  }

  #room(bytes: number): void {
    if (this.#at >= bytes) return;
    const { length } = this;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, length + bytes + BEGINNING_BYTES));
    grown.set(this.#bytes.subarray(this.#at), grown.length - length);
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
    this.#at = grown.length - length;
  }
}

/** Of `0` to `9` and `a` to `f`; ids are in lower case (https://www.w3.org/TR/trace-context/#trace-id). */
function digit(code: number): number {
  return code <= 0x39 ? code - 0x30 : code - 0x57;
}
