import { InflateStream } from './inflate';
import type { PixelFormat } from './pixelFormat';
import type { Area, Surface } from './surface';
import { ProtocolError, u32, u8, type Parse } from './wire';

const TILE = 64;
/** A tile's subencodings (RFC 6143 §7.7.6). */
const RAW = 0;
const SOLID = 1;
const LAST_PACKED = 16;
const PLAIN_RUNS = 128;
const FIRST_PALETTE_RUNS = 130;

/** Decodes ZRLE rectangles: one zlib stream for the whole connection. */
export class ZrleDecoder {
  readonly #stream = new InflateStream();
  readonly #rgba = new Uint8ClampedArray(4 * TILE * TILE);
  readonly #tile = new Uint32Array(this.#rgba.buffer);

  *rectangle(area: Area, format: PixelFormat, surface: Surface): Parse {
    const packed = yield u32(yield 4, 0);
    // At worst each pixel has a run and a colour of its own, and each tile a palette.
    const limit = 8 * area.width * area.height + 1024 * (1 + area.width / TILE) * (1 + area.height / TILE);
    const input = new Tiles(this.#stream.all(packed, Math.ceil(limit)), format);
    for (let y = 0; y < area.height; y += TILE) {
      for (let x = 0; x < area.width; x += TILE) {
        const width = Math.min(TILE, area.width - x);
        const height = Math.min(TILE, area.height - y);
        this.#decode(input, width, height);
        surface.pixels(
          { x: area.x + x, y: area.y + y, width, height },
          this.#rgba.subarray(0, 4 * width * height),
        );
      }
    }
  }

  #decode(input: Tiles, width: number, height: number): void {
    const kind = input.byte();
    const pixels = this.#tile.subarray(0, width * height);
    if (kind === RAW) {
      for (let i = 0; i < pixels.length; i++) pixels[i] = input.pixel();
    } else if (kind === SOLID) {
      pixels.fill(input.pixel());
    } else if (kind <= LAST_PACKED) {
      packedPalette(input, input.palette(kind), width, pixels);
    } else if (kind === PLAIN_RUNS) {
      for (let at = 0; at < pixels.length; ) {
        const pixel = input.pixel();
        at = run(pixels, at, input.runLength(), pixel);
      }
    } else if (kind >= FIRST_PALETTE_RUNS) {
      const palette = input.palette(kind - 128);
      for (let at = 0; at < pixels.length; ) {
        const index = input.byte();
        at = run(pixels, at, index & 128 ? input.runLength() : 1, palette[index & 127] ?? 0);
      }
    } else {
      throw new ProtocolError(`ZRLE subencoding ${kind}`);
    }
  }
}

function packedPalette(input: Tiles, palette: readonly number[], width: number, pixels: Uint32Array): void {
  const size = palette.length > 4 ? 4 : palette.length > 2 ? 2 : 1;
  for (let at = 0; at < pixels.length; ) {
    const end = at + width;
    while (at < end) {
      const byte = input.byte();
      for (let shift = 8 - size; shift >= 0 && at < end; shift -= size) {
        pixels[at++] = palette[(byte >> shift) & ((1 << size) - 1)] ?? 0;
      }
    }
  }
}

function run(pixels: Uint32Array, at: number, length: number, pixel: number): number {
  if (at + length > pixels.length) throw new ProtocolError('a run leaves its tile');
  pixels.fill(pixel, at, at + length);
  return at + length;
}

class Tiles {
  #at = 0;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly format: PixelFormat,
  ) {}

  byte(): number {
    const value = this.bytes[this.#at++];
    if (value === undefined) throw new ProtocolError('ZRLE data end early');
    return value;
  }

  /** A compressed pixel, as the word that a canvas's bytes make. */
  pixel(): number {
    const { red, green, blue, first } = this.format;
    const at = this.#at - first;
    this.#at += 3;
    if (this.#at > this.bytes.length) throw new ProtocolError('ZRLE data end early');
    return (
      (u8(this.bytes, at + red) | (u8(this.bytes, at + green) << 8) | (u8(this.bytes, at + blue) << 16) | 0xff000000) >>>
      0
    );
  }

  palette(size: number): number[] {
    return Array.from({ length: size }, () => this.pixel());
  }

  runLength(): number {
    let length = 1;
    let byte: number;
    do {
      byte = this.byte();
      length += byte;
    } while (byte === 255);
    return length;
  }
}
