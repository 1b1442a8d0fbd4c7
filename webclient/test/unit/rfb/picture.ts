import type { Area, Pending, Surface } from '../../../src/viewer/rfb/surface';
import { Feeder, type Parse } from '../../../src/viewer/rfb/wire';

/** A surface in memory: what is on it can be looked at. */
export class Picture implements Surface {
  width = 0;
  height = 0;
  /** 0xRRGGBB. */
  pixelsNow: number[] = [];
  pictures: { area: Area; pending: Pending }[] = [];
  shown = 0;

  constructor(width = 0, height = 0) {
    this.resize(width, height);
  }

  resize(width: number, height: number): void {
    this.width = width;
    this.height = height;
    this.pixelsNow = Array.from({ length: width * height }, () => 0);
  }

  fill({ x, y, width, height }: Area, red: number, green: number, blue: number): void {
    for (let row = y; row < y + height; row++) {
      this.pixelsNow.fill((red << 16) | (green << 8) | blue, row * this.width + x, row * this.width + x + width);
    }
  }

  pixels({ x, y, width, height }: Area, rgba: Uint8ClampedArray): void {
    for (let i = 0; i < width * height; i++) {
      if (rgba[4 * i + 3] !== 255) throw new Error('a pixel that is not opaque');
      this.pixelsNow[(y + Math.floor(i / width)) * this.width + x + (i % width)] =
        (rgba[4 * i]! << 16) | (rgba[4 * i + 1]! << 8) | rgba[4 * i + 2]!;
    }
  }

  copy({ x, y, width, height }: Area, fromX: number, fromY: number): void {
    const before = [...this.pixelsNow];
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        this.pixelsNow[(y + row) * this.width + x + column] = before[(fromY + row) * this.width + fromX + column]!;
      }
    }
  }

  picture(area: Area, pending: Pending): void {
    this.pictures.push({ area, pending });
  }

  show(): void {
    this.shown++;
  }

  after(run: () => void): void {
    run();
  }

  rows(): string[] {
    return Array.from({ length: this.height }, (_, y) =>
      this.pixelsNow
        .slice(y * this.width, (y + 1) * this.width)
        .map((pixel) => pixel.toString(16).padStart(6, '0'))
        .join(' '),
    );
  }
}

/** Bytes as they are written in a specification: hexadecimal, with anything that isn't between them. */
export function hex(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text.match(/[0-9a-f]{2}/gi) ?? [], (byte) => parseInt(byte, 16));
}

/** Feeds a parser byte by byte: it must not matter where a message is cut. */
export function feed(parser: Parse, bytes: Uint8Array<ArrayBuffer>): void {
  const feeder = new Feeder(parser);
  for (let at = 0; at < bytes.length; at++) feeder.feed(bytes.slice(at, at + 1));
}
