import type { PixelFormat } from './pixelFormat';
import { ProtocolError, u32, u8, type Parse } from './wire';
import type { Area } from './surface';

/** The guest's cursor: R, G, B, A bytes, not premultiplied, and the pixel of it that points. */
export interface CursorImage {
  width: number;
  height: number;
  hotX: number;
  hotY: number;
  rgba: Uint8ClampedArray<ArrayBuffer>;
}

const LARGEST = 512;

function check({ width, height }: Area): void {
  if (width > LARGEST || height > LARGEST) throw new ProtocolError(`a cursor of ${width} × ${height}`);
}

/** Cursor (RFC 6143 §7.8.1): pixels, and a bit for each that is to be seen. */
export function* readCursor(area: Area, format: PixelFormat): Parse<CursorImage> {
  check(area);
  const { width, height } = area;
  const rgba = new Uint8ClampedArray(4 * width * height);
  const pixels = (yield 4 * width * height).slice();
  const stride = Math.ceil(width / 8);
  const mask = yield stride * height;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = 4 * (y * width + x);
      rgba[at] = u8(pixels, at + format.red);
      rgba[at + 1] = u8(pixels, at + format.green);
      rgba[at + 2] = u8(pixels, at + format.blue);
      rgba[at + 3] = (u8(mask, y * stride + (x >> 3)) << (x & 7)) & 0x80 ? 255 : 0;
    }
  }
  return { width, height, hotX: area.x, hotY: area.y, rgba };
}

/** Cursor with alpha: raw R, G, B, A, premultiplied. */
export function* readAlphaCursor(area: Area): Parse<CursorImage> {
  check(area);
  const { width, height } = area;
  if (u32(yield 4, 0) !== 0) throw new ProtocolError('a cursor in another encoding than raw');
  const pixels = yield 4 * width * height;
  const rgba = new Uint8ClampedArray(4 * width * height);
  for (let at = 0; at < rgba.length; at += 4) {
    const alpha = u8(pixels, at + 3);
    for (let channel = 0; channel < 3; channel++) {
      rgba[at + channel] = alpha === 0 ? 0 : (u8(pixels, at + channel) * 255) / alpha;
    }
    rgba[at + 3] = alpha;
  }
  return { width, height, hotX: area.x, hotY: area.y, rgba };
}
