import { InflateStream } from './inflate';
import { ProtocolError, u8, type Parse } from './wire';
import type { Area, Pending, Surface } from './surface';

/** Turns a compressed picture into one that can be drawn. */
export type PictureDecoder = (data: Uint8Array<ArrayBuffer>, type: 'image/jpeg' | 'image/png') => Pending;

// Kinds of compression: the upper half of the first byte (rfbproto "Tight Encoding").
const FILL = 8;
const JPEG = 9;
const PNG = 10;
const EXPLICIT_FILTER = 4;

const COPY_FILTER = 0;
const PALETTE_FILTER = 1;
const GRADIENT_FILTER = 2;
/** Shorter data travel as they are, without a length. */
const LEAST_COMPRESSED = 12;
const STREAMS = 4;

/** Decodes Tight and Tight PNG rectangles. One per connection: its zlib streams go on from rectangle to rectangle. */
export class TightDecoder {
  readonly #streams: (InflateStream | undefined)[] = [];
  readonly #decode: PictureDecoder;
  #packed = new Uint8Array(64 * 1024);
  #rgba = new Uint8ClampedArray(256 * 1024);

  constructor(decode: PictureDecoder) {
    this.#decode = decode;
  }

  *rectangle(area: Area, surface: Surface): Parse {
    const control = u8(yield 1, 0);
    for (let id = 0; id < STREAMS; id++) {
      if ((control >> id) & 1) this.#streams[id]?.reset();
    }
    const kind = control >> 4;
    if (kind === FILL) {
      const [red = 0, green = 0, blue = 0] = yield 3;
      surface.fill(area, red, green, blue);
    } else if (kind === JPEG || kind === PNG) {
      const data = yield yield* compactLength();
      surface.picture(area, this.#decode(data, kind === JPEG ? 'image/jpeg' : 'image/png'));
    } else if (kind < FILL) {
      const filter = kind & EXPLICIT_FILTER ? u8(yield 1, 0) : COPY_FILTER;
      yield* this.#basic(area, kind & 3, filter, surface);
    } else {
      throw new ProtocolError(`Tight compression ${kind}`);
    }
  }

  *#basic(area: Area, stream: number, filter: number, surface: Surface): Parse {
    const { width, height } = area;
    switch (filter) {
      case COPY_FILTER: {
        const data = yield* this.#data(stream, 3 * width * height);
        const rgba = this.#pixels(width * height);
        for (let from = 0, to = 0; to < rgba.length; from += 3, to += 4) {
          rgba[to] = u8(data, from);
          rgba[to + 1] = u8(data, from + 1);
          rgba[to + 2] = u8(data, from + 2);
          rgba[to + 3] = 255;
        }
        surface.pixels(area, rgba);
        return;
      }
      case PALETTE_FILTER: {
        const colours = u8(yield 1, 0) + 1;
        const palette = words(yield 3 * colours);
        const data = yield* this.#data(stream, colours <= 2 ? Math.ceil(width / 8) * height : width * height);
        const rgba = this.#pixels(width * height);
        const pixels = new Uint32Array(rgba.buffer, 0, width * height);
        if (colours <= 2) bits(data, width, height, palette, pixels);
        else for (let i = 0; i < pixels.length; i++) pixels[i] = palette[u8(data, i)] ?? 0;
        surface.pixels(area, rgba);
        return;
      }
      case GRADIENT_FILTER: {
        const data = yield* this.#data(stream, 3 * width * height);
        const rgba = this.#pixels(width * height);
        gradient(data, width, height, rgba);
        surface.pixels(area, rgba);
        return;
      }
      default:
        throw new ProtocolError(`Tight filter ${filter}`);
    }
  }

  *#data(id: number, length: number): Parse<Uint8Array> {
    if (length < LEAST_COMPRESSED) return yield length;
    const data = yield yield* compactLength();
    if (this.#packed.length < length) this.#packed = new Uint8Array(length);
    const to = this.#packed.subarray(0, length);
    (this.#streams[id] ??= new InflateStream()).into(to, data);
    return to;
  }

  #pixels(count: number): Uint8ClampedArray<ArrayBuffer> {
    if (this.#rgba.length < 4 * count) this.#rgba = new Uint8ClampedArray(4 * count);
    return this.#rgba.subarray(0, 4 * count);
  }
}

/** One to three bytes, seven bits in each of the first two, the lowest first. */
function* compactLength(): Parse<number> {
  const low = u8(yield 1, 0);
  if (low < 0x80) return low;
  const middle = u8(yield 1, 0);
  if (middle < 0x80) return (low & 0x7f) | (middle << 7);
  return (low & 0x7f) | ((middle & 0x7f) << 7) | (u8(yield 1, 0) << 14);
}

/** Colours of three bytes as the words that a canvas's bytes make on this computer. */
function words(colours: Uint8Array): Uint32Array {
  const bytes = new Uint8Array((colours.length / 3) * 4);
  for (let from = 0, to = 0; from < colours.length; from += 3, to += 4) {
    bytes.set([u8(colours, from), u8(colours, from + 1), u8(colours, from + 2), 255], to);
  }
  return new Uint32Array(bytes.buffer);
}

/** Rows of bits, each filled up to a byte; the highest bit is the leftmost pixel. */
function bits(data: Uint8Array, width: number, height: number, palette: Uint32Array, to: Uint32Array): void {
  const zero = palette[0] ?? 0;
  const one = palette[1] ?? zero;
  const stride = Math.ceil(width / 8);
  let at = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      to[at++] = (u8(data, y * stride + (x >> 3)) << (x & 7)) & 0x80 ? one : zero;
    }
  }
}

/** Each colour was foretold as left + above − above left, clamped; what is in the data is the difference. */
function gradient(data: Uint8Array, width: number, height: number, to: Uint8ClampedArray): void {
  const stride = 4 * width;
  for (let channel = 0; channel < 3; channel++) {
    let from = channel;
    let at = channel;
    for (let y = 0; y < height; y++) {
      let left = 0;
      let aboveLeft = 0;
      for (let x = 0; x < width; x++, from += 3, at += 4) {
        const above = y > 0 ? (to[at - stride] ?? 0) : 0;
        let foretold = left + above - aboveLeft;
        if (foretold < 0) foretold = 0;
        else if (foretold > 255) foretold = 255;
        left = ((data[from] ?? 0) + foretold) & 255;
        to[at] = left;
        aboveLeft = above;
      }
    }
  }
  for (let at = 3; at < to.length; at += 4) to[at] = 255;
}
