/** A server that breaks the protocol, or asks for more than any honest one needs. */
export class ProtocolError extends Error {}

/**
 * A piece of the protocol, written down in the order of its bytes: `yield n` waits for exactly `n` of them. What comes
 * back is only valid until the next `yield`.
 */
export type Parse<T = void> = Generator<number, T, Uint8Array<ArrayBuffer>>;

/** Bytes as they arrived, to be taken in other portions. */
export class ByteQueue {
  #chunks: Uint8Array<ArrayBuffer>[] = [];
  #offset = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(chunk: Uint8Array<ArrayBuffer>): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#length += chunk.length;
  }

  /** Exactly `count` bytes, without copying where they arrived in one piece; undefined if they are not all here. */
  take(count: number): Uint8Array<ArrayBuffer> | undefined {
    if (count > this.#length) return undefined;
    this.#length -= count;
    const first = this.#chunks[0];
    if (first !== undefined && first.length - this.#offset >= count) {
      const taken = first.subarray(this.#offset, this.#offset + count);
      this.#advance(count);
      return taken;
    }
    const joined = new Uint8Array(count);
    let filled = 0;
    for (let chunk = this.#chunks[0]; chunk !== undefined && filled < count; chunk = this.#chunks[0]) {
      const part = chunk.subarray(this.#offset, this.#offset + count - filled);
      joined.set(part, filled);
      filled += part.length;
      this.#advance(part.length);
    }
    return joined;
  }

  #advance(count: number): void {
    this.#offset += count;
    if (this.#offset === this.#chunks[0]?.length) {
      this.#chunks.shift();
      this.#offset = 0;
    }
  }
}

/** Runs a parser over bytes that arrive in any pieces. */
export class Feeder {
  readonly #queue = new ByteQueue();
  readonly #parser: Parse;
  #wanted: number | undefined;

  constructor(parser: Parse) {
    this.#parser = parser;
    this.#step(parser.next());
  }

  feed(chunk: Uint8Array<ArrayBuffer>): void {
    this.#queue.push(chunk);
    while (this.#wanted !== undefined) {
      const bytes = this.#queue.take(this.#wanted);
      if (bytes === undefined) return;
      this.#step(this.#parser.next(bytes));
    }
  }

  #step(result: IteratorResult<number, void>): void {
    this.#wanted = result.done === true ? undefined : result.value;
  }
}

export const u8 = (bytes: Uint8Array, at: number): number => bytes[at] ?? 0;
export const u16 = (bytes: Uint8Array, at: number): number => (u8(bytes, at) << 8) | u8(bytes, at + 1);
export const i32 = (bytes: Uint8Array, at: number): number => (u16(bytes, at) << 16) | u16(bytes, at + 2);
export const u32 = (bytes: Uint8Array, at: number): number => i32(bytes, at) >>> 0;

/** Builds a message. All numbers are big-endian. */
export class Writer {
  #bytes: number[] = [];

  u8(value: number): this {
    this.#bytes.push(value & 0xff);
    return this;
  }

  u16(value: number): this {
    return this.u8(value >>> 8).u8(value);
  }

  u32(value: number): this {
    return this.u16(value >>> 16).u16(value);
  }

  bytes(values: Iterable<number>): this {
    for (const value of values) this.u8(value);
    return this;
  }

  done(): Uint8Array<ArrayBuffer> {
    return Uint8Array.from(this.#bytes);
  }
}
