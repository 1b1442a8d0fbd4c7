import { deflateRawSync, deflateSync, constants } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readAlphaCursor, readCursor, type CursorImage } from '../../../src/viewer/rfb/cursor';
import { inspect } from '../../../src/viewer/rfb/film';
import { InflateStream } from '../../../src/viewer/rfb/inflate';
import { BGRX, readPixelFormat } from '../../../src/viewer/rfb/pixelFormat';
import { TightDecoder } from '../../../src/viewer/rfb/tight';
import { ByteQueue, type Parse } from '../../../src/viewer/rfb/wire';
import { ZrleDecoder } from '../../../src/viewer/rfb/zrle';
import { feed, hex, Picture } from './picture';

const nothing = () => Promise.resolve(undefined);

/** Bytes as hexadecimal digits. */
const digits = (bytes: Iterable<number>): string => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');

/** A zlib stream up to a flush, as servers send it. */
const flushed = (bytes: Uint8Array): string => digits(deflateSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }));

describe('Tight', () => {
  const tight = new TightDecoder(nothing);
  const decode = (width: number, height: number, bytes: string, decoder = tight): string[] => {
    const picture = new Picture(width, height);
    feed(decoder.rectangle({ x: 0, y: 0, width, height }, picture), hex(bytes));
    return picture.rows();
  };

  it('fills', () => {
    expect(decode(2, 2, '80 12 34 56')).toEqual(['123456 123456', '123456 123456']);
  });

  it('takes short data as they are', () => {
    expect(decode(2, 1, '00 010203 040506')).toEqual(['010203 040506']);
  });

  it('takes two colours as bits, row by row', () => {
    // Filter 1 on stream 1: two colours, then 9 pixels in two bytes a row.
    expect(decode(9, 2, '50 01 01 000000 ffffff 5500 aa80')).toEqual([
      '000000 ffffff 000000 ffffff 000000 ffffff 000000 ffffff 000000',
      'ffffff 000000 ffffff 000000 ffffff 000000 ffffff 000000 ffffff',
    ]);
  });

  it('takes more colours as indices', () => {
    expect(decode(3, 1, '60 01 02 0000ff 00ff00 ff0000 02 01 00')).toEqual(['ff0000 00ff00 0000ff']);
  });

  it('undoes the gradient filter', () => {
    // Left + above − above left, clamped to a byte: 0x0a, +0x05; +0x02 on the left one, 0x0c + 0x0f − 0x0a + 1.
    const data = flushed(hex('0a0a0a 050505 020202 010101'));
    const length = (data.length / 2).toString(16).padStart(2, '0');
    expect(decode(2, 2, `40 02 ${length} ${data}`)).toEqual(['0a0a0a 0f0f0f', '0c0c0c 121212']);
  });

  it('goes on with a stream from rectangle to rectangle, and starts it over when told', () => {
    const decoder = new TightDecoder(nothing);
    const plain = Uint8Array.from({ length: 12 }, (_, i) => i);
    const whole = flushed(plain);
    const first = decode(4, 1, `00 ${(whole.length / 2).toString(16).padStart(2, '0')} ${whole}`, decoder);
    expect(first).toEqual(['000102 030405 060708 090a0b']);
    const more = digits(deflateRawSync(plain.reverse(), { finishFlush: constants.Z_SYNC_FLUSH }));
    expect(decode(4, 1, `00 ${(more.length / 2).toString(16).padStart(2, '0')} ${more}`, decoder)).toEqual([
      '0b0a09 080706 050403 020100',
    ]);
    expect(decode(4, 1, `01 ${(whole.length / 2).toString(16).padStart(2, '0')} ${whole}`, decoder)).toEqual(first);
  });

  it('hands pictures on, with lengths of one to three bytes', () => {
    const seen: [number, string][] = [];
    const decoder = new TightDecoder((data, type) => {
      seen.push([data.length, type]);
      return Promise.resolve(undefined);
    });
    decode(4, 4, '90 03 ffd8ff', decoder);
    decode(4, 4, `a0 c801 ${'00'.repeat(200)}`, decoder);
    decode(4, 4, `90 808001 ${'00'.repeat(16_384)}`, decoder);
    expect(seen).toEqual([
      [3, 'image/jpeg'],
      [200, 'image/png'],
      [16_384, 'image/jpeg'],
    ]);
  });

  it.each([
    ['an unknown compression', 'b0'],
    ['an unknown filter', '40 03'],
    ['data that are not zlib', `00 0c ${'ff'.repeat(12)}`],
  ])('refuses %s', (_, bytes) => {
    expect(() => decode(4, 4, bytes, new TightDecoder(nothing))).toThrow();
  });
});

describe('ZRLE', () => {
  const decode = (width: number, height: number, plain: string): string[] => {
    const picture = new Picture(width, height);
    const packed = flushed(hex(plain));
    const length = (packed.length / 2).toString(16).padStart(8, '0');
    feed(new ZrleDecoder().rectangle({ x: 0, y: 0, width, height }, BGRX, picture), hex(length + packed));
    return picture.rows();
  };

  it.each([
    ['raw', '00 030201 060504', ['010203 040506']],
    ['one colour', '01 030201', ['010203 010203']],
    ['a packed palette', '02 030201 060504 40', ['010203 040506']],
    ['runs', '80 030201 01', ['010203 010203']],
    ['runs of a palette', '82 030201 060504 01 80 00', ['040506 010203']],
  ])('decodes %s', (_, plain, rows) => {
    expect(decode(2, 1, plain)).toEqual(rows);
  });

  it('goes from tile to tile', () => {
    const [row] = decode(65, 1, '01 030201 01 060504');
    expect(row).toBe(`${'010203 '.repeat(64)}040506`);
  });

  it('refuses a run that leaves its tile', () => {
    expect(() => decode(2, 1, '80 030201 02')).toThrow('tile');
  });
});

describe('a cursor', () => {
  const read = (parser: Parse<CursorImage>, bytes: string): CursorImage => {
    let cursor: CursorImage | undefined;
    feed(
      (function* (): Parse {
        cursor = yield* parser;
      })(),
      hex(bytes),
    );
    return cursor!;
  };

  it('has a mask of bits', () => {
    const cursor = read(readCursor({ x: 1, y: 0, width: 2, height: 1 }, BGRX), '03020100 06050400 40');
    expect(cursor).toMatchObject({ width: 2, height: 1, hotX: 1, hotY: 0 });
    expect([...cursor.rgba]).toEqual([1, 2, 3, 0, 4, 5, 6, 255]);
  });

  it('or an alpha channel, by which the colours were multiplied', () => {
    const cursor = read(readAlphaCursor({ x: 0, y: 0, width: 2, height: 1 }), '00000000 40201080 00000000');
    expect([...cursor.rgba]).toEqual([128, 64, 32, 128, 0, 0, 0, 0]);
  });
});

describe('pixel formats', () => {
  it('are understood where every colour has a byte', () => {
    expect(readPixelFormat(hex('20 18 00 01 00ff 00ff 00ff 10 08 00 000000'))).toEqual(BGRX);
    expect(readPixelFormat(hex('20 18 01 01 00ff 00ff 00ff 10 08 00 000000'))).toEqual({
      red: 1,
      green: 2,
      blue: 3,
      first: 1,
    });
    expect(readPixelFormat(hex('10 10 00 01 001f 003f 001f 0b 05 00 000000'))).toBeUndefined();
    expect(readPixelFormat(hex('20 18 00 01 00ff 00ff 00ff 10 10 00 000000'))).toBeUndefined();
  });
});

describe('bytes', () => {
  it('are taken in other portions than they came', () => {
    const queue = new ByteQueue();
    for (const part of ['01', '0203', '040506']) queue.push(hex(part));
    expect(digits(queue.take(4)!)).toBe('01020304');
    expect(queue.take(3)).toBeUndefined();
    expect(digits(queue.take(2)!)).toBe('0506');
  });

  it('that are compressed are inflated up to a limit', () => {
    const packed = deflateSync(new Uint8Array(100_000));
    expect(new InflateStream().all(packed, 100_001).length).toBe(100_000);
    expect(() => new InflateStream().all(packed, 99_999)).toThrow('99999');
  });
});

describe('a film', () => {
  it('tells its codec with its key pictures', () => {
    expect(inspect(hex('00000001 67 42c01f ab 000001 68 ce 000001 65 88'))).toEqual({ key: true, codec: 'avc1.42c01f' });
    expect(inspect(hex('00000001 61 9a'))).toEqual({ key: false, codec: undefined });
  });
});
