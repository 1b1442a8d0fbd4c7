import { inflate, inflateInit, inflateReset } from 'pako/lib/zlib/inflate.js';
import ZStream from 'pako/lib/zlib/zstream.js';
import { ProtocolError } from './wire';

/** RFC 1950's flush values and answers, as zlib.h numbers them. */
const NO_FLUSH = 0;
const OK = 0;
const STREAM_END = 1;
const BUFFER_ERROR = -5;

/**
 * One zlib stream that lives as long as its connection: each rectangle goes on where the last one ended, and its data end
 * at a flush. (The browser's DecompressionStream holds back what it has until it feels like handing it out.)
 */
export class InflateStream {
  readonly #stream = new ZStream();
  readonly #scratch = new Uint8Array(64 * 1024);

  constructor() {
    if (inflateInit(this.#stream) !== OK) throw new Error('no memory for a zlib stream');
  }

  reset(): void {
    inflateReset(this.#stream);
  }

  /** Inflates `data` into exactly as many bytes as `to` has. */
  into(to: Uint8Array, data: Uint8Array): void {
    const stream = this.#stream;
    stream.input = data;
    stream.next_in = 0;
    stream.avail_in = data.length;
    stream.output = to;
    stream.next_out = 0;
    stream.avail_out = to.length;
    this.#run();
    if (stream.avail_out > 0) throw new ProtocolError('compressed data end early');
    // The marker of the flush may be left, which makes no more bytes.
    stream.output = this.#scratch;
    stream.next_out = 0;
    stream.avail_out = this.#scratch.length;
    if (stream.avail_in > 0) this.#run();
    if (stream.next_out > 0) throw new ProtocolError('compressed data go on after their end');
  }

  /** Inflates all of `data`, but no more than `limit` bytes. */
  all(data: Uint8Array, limit: number): Uint8Array<ArrayBuffer> {
    const stream = this.#stream;
    let out = new Uint8Array(Math.min(limit, Math.max(4096, 4 * data.length)));
    stream.input = data;
    stream.next_in = 0;
    stream.avail_in = data.length;
    stream.output = out;
    stream.next_out = 0;
    stream.avail_out = out.length;
    for (;;) {
      this.#run();
      if (stream.avail_out > 0) return out.subarray(0, stream.next_out);
      if (out.length >= limit) throw new ProtocolError(`compressed data of more than ${limit} bytes`);
      const larger = new Uint8Array(Math.min(limit, 2 * out.length));
      larger.set(out);
      stream.avail_out = larger.length - out.length;
      stream.output = larger;
      out = larger;
    }
  }

  #run(): void {
    const answer = inflate(this.#stream, NO_FLUSH);
    // "Buffer error" only says that there was nothing to do.
    if (answer !== OK && answer !== STREAM_END && answer !== BUFFER_ERROR) {
      throw new ProtocolError(`compressed data are broken: ${this.#stream.msg || answer}`);
    }
  }
}
