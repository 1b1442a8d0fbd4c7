import { u16, u8, Writer } from './wire';

/** Where the colours are in a pixel of four bytes (RFC 6143 §7.4), and in its short form of three. */
export interface PixelFormat {
  red: number;
  green: number;
  blue: number;
  /** Of these three, the least: the byte with which a pixel of ZRLE begins (RFC 6143 §7.7.6, CPIXEL). */
  first: number;
}

/** Bytes B, G, R, nothing: what screens have. */
export const BGRX: PixelFormat = { red: 2, green: 1, blue: 0, first: 0 };

/** The sixteen bytes of a pixel format, if it is one that we decode: true colour in four bytes, eight bits a colour. */
export function readPixelFormat(bytes: Uint8Array): PixelFormat | undefined {
  const whole = u8(bytes, 0) === 32 && u8(bytes, 3) !== 0;
  const eightBits = u16(bytes, 4) === 255 && u16(bytes, 6) === 255 && u16(bytes, 8) === 255;
  if (!whole || !eightBits) return undefined;
  const bigEndian = u8(bytes, 2) !== 0;
  const place = (shift: number): number => (bigEndian ? 3 - shift / 8 : shift / 8);
  const [red, green, blue] = [place(u8(bytes, 10)), place(u8(bytes, 11)), place(u8(bytes, 12))];
  const places = [red, green, blue];
  if (new Set(places).size !== 3 || places.some((at) => !Number.isInteger(at) || at < 0 || at > 3)) return undefined;
  return { red, green, blue, first: Math.min(...places) };
}

/** SetPixelFormat (RFC 6143 §7.5.1) for {@link BGRX}. */
export function setPixelFormat(): Uint8Array<ArrayBuffer> {
  return new Writer()
    .u32(0)
    .bytes([32, 24, 0, 1])
    .u16(255)
    .u16(255)
    .u16(255)
    .bytes([16, 8, 0, 0, 0, 0])
    .done();
}
