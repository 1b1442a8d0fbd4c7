import { crc32, deflateSync } from 'node:zlib';

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const whole = Buffer.alloc(body.length + 8);
  whole.writeUInt32BE(data.length, 0);
  body.copy(whole, 4);
  whole.writeUInt32BE(crc32(body), body.length + 4);
  return whole;
}

/** A PNG of something like a desktop: a slope of colour, a window, a bar. Its hue is the name's. */
export function desktopPicture(name: string, width = 320, height = 180): Uint8Array<ArrayBuffer> {
  const hue = [...name].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 200, 7);
  const rows = Buffer.alloc((width * 3 + 1) * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const window = x > width * 0.15 && x < width * 0.6 && y > height * 0.15 && y < height * 0.7;
      const line = window && y % 12 > 7 && x < width * (0.2 + ((y * 7) % 30) / 100);
      const bar = y > height * 0.93;
      const at = y * (width * 3 + 1) + 1 + x * 3;
      rows[at] = bar ? 24 : line ? 150 : window ? 28 : 40 + hue / 3;
      rows[at + 1] = bar ? 28 : line ? 220 : window ? 34 : 60 + (x * 80) / width;
      rows[at + 2] = bar ? 38 : line ? 160 : window ? 44 : 90 + (y * 90) / height;
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  return new Uint8Array(
    Buffer.concat([
      Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
      chunk('IHDR', header),
      chunk('IDAT', deflateSync(rows)),
      chunk('IEND', Buffer.alloc(0)),
    ]),
  );
}
