import { deflateSync } from 'node:zlib';
import { beforeEach, describe, expect, it } from 'vitest';
import { Session, type SessionEvents } from '../../../src/viewer/rfb/session';
import { Feeder } from '../../../src/viewer/rfb/wire';
import { hex, Picture } from './picture';

const digits = (bytes: Iterable<number>): string => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
const NATIVE = '20 18 00 01 00ff 00ff 00ff 10 08 00 000000';

describe('a session', () => {
  let said: string[];
  let heard: unknown[][];
  let picture: Picture;
  let session: Session;
  let feeder: Feeder;

  const hear = (bytes: string): void => feeder.feed(hex(bytes));
  /** What was said since the last look. */
  const news = (): string[] => said.splice(0);

  beforeEach(() => {
    said = [];
    heard = [];
    picture = new Picture();
    const note =
      (name: keyof SessionEvents) =>
      (...values: unknown[]): void => {
        heard.push([name, ...values]);
      };
    session = new Session({
      send: (bytes) => said.push(digits(bytes)),
      surface: picture,
      decodePicture: () => Promise.resolve(undefined),
      films: undefined,
      events: {
        opened: note('opened'),
        resized: note('resized'),
        layoutRefused: note('layoutRefused'),
        updated: () => undefined,
        cursor: note('cursor'),
        leds: note('leds'),
        clipboard: note('clipboard'),
        audioOffered: note('audioOffered'),
        audio: note('audio'),
        powerOffered: note('powerOffered'),
      },
    });
    feeder = new Feeder(session.parse());
  });

  const greet = (format = NATIVE): void => {
    hear(digits(Buffer.from('RFB 003.008\n')));
    hear('01 01 00000000');
    hear(`0004 0002 ${format} 00000002 6869`);
  };

  it('opens, keeps the server’s pixel format and asks for the first picture', () => {
    greet();
    expect(said[0]).toBe(digits(Buffer.from('RFB 003.008\n')));
    expect(said.slice(1, 3)).toEqual(['01', '01']);
    expect(said[3]).toMatch(/^0200/);
    expect(said[4]).toBe('03000000000000040002');
    expect(said.length).toBe(5);
    expect(heard).toEqual([
      ['resized', 4, 2, [{ id: 0, x: 0, y: 0, width: 4, height: 2 }]],
      ['opened', 4, 2, 'hi'],
    ]);
  });

  it('asks for true colour where the server has another format', () => {
    greet('08 08 00 00 0000 0000 0000 00 00 00 000000');
    expect(said[3]).toBe('000000002018000100ff00ff00ff100800000000');
  });

  it('refuses a server that wants a password, and one that is none', () => {
    hear(digits(Buffer.from('RFB 003.008\n')));
    expect(() => hear('01 02')).toThrow('password');
    expect(() => new Feeder(session.parse()).feed(hex(digits(Buffer.from('HTTP/1.1 400'))))).toThrow('RFB');
  });

  it('draws raw pixels and copies, and asks for more', () => {
    greet();
    news();
    hear('00 00 0002  0000 0000 0002 0001 00000000  03020100 06050400  0002 0001 0002 0001 00000001 0000 0000');
    expect(picture.rows()).toEqual(['010203 040506 000000 000000', '000000 000000 010203 040506']);
    expect(picture.shown).toBe(1);
    expect(news()).toEqual(['03010000000000040002']);
  });

  it('goes on until the last rectangle where their number is not told', () => {
    greet();
    hear('00 00 ffff  0000 0000 0004 0002 00000007 80 ff0000  0000 0000 0000 0000 ffffff20');
    expect(picture.rows()[1]).toBe('ff0000 ff0000 ff0000 ff0000');
    expect(picture.shown).toBe(1);
  });

  it('refuses a rectangle that leaves the picture, and encodings that it never named', () => {
    greet();
    expect(() => hear('00 00 0001 0003 0000 0002 0001 00000000')).toThrow('leaves');
    feeder = new Feeder(session.parse());
    greet();
    expect(() => hear('00 00 0001 0000 0000 0002 0001 00000005')).toThrow('5');
  });

  it('has updates come by themselves where the server can, and answers its fences', () => {
    greet();
    news();
    hear('96');
    expect(news()).toEqual(['96010000000000040002']);
    hear('f8 000000 80000001 08 0102030405060708');
    expect(news()).toEqual(['f8000000000000010801020304050607' + '08']);
    hear('00 00 0001 0000 0000 0004 0002 00000007 80 000000');
    expect(news()).toEqual([]);
  });

  it('sends symbols until the server takes scan codes', () => {
    greet();
    news();
    session.key(0x61, 0x1e, true);
    hear('00 00 0001 0000 0000 0000 0000 fffffefe');
    news();
    session.key(0x61, 0x1e, true);
    session.key(0x61, 0x9d, false);
    expect(news()).toEqual(['ff0000010000006100' + '00001e', 'ff000000000000610000009d']);
    session.key(0x20ac, undefined, true);
    expect(news()).toEqual(['04010000000020ac']);
  });

  it('keeps the mouse in the picture, and sends more than eight buttons only where they are understood', () => {
    greet();
    news();
    session.pointer(1 | 128, 99, -5);
    expect(news()).toEqual(['050100030000']);
    hear('00 00 0001 0000 0000 0000 0000 fffffec4');
    news();
    session.pointer(1 | 128 | 256, 2.9, 1);
    expect(news()).toEqual(['05810002000103']);
  });

  it('follows a new size, and asks for one as soon as the server takes wishes', () => {
    greet();
    session.wantLayout([{ id: 0, width: 800, height: 600 }]);
    news();
    hear('00 00 0001 0000 0000 0004 0002 fffffecc 01 000000 00000001 0000 0000 0004 0002 00000000');
    expect(news()[0]).toBe('fb000320025801000000000100000000032002580000' + '0000');
    // "Asked, and may follow" is not a new size.
    hear('00 00 0001 0001 0004 0009 0009 fffffecc 00 000000');
    expect(picture.width).toBe(4);
    hear('00 00 0001 0000 0000 0320 0258 fffffecc 00 000000');
    expect([picture.width, picture.height]).toEqual([800, 600]);
    expect(heard.at(-1)).toEqual(['resized', 800, 600, [{ id: 0, x: 0, y: 0, width: 800, height: 600 }]]);
  });

  it('asks for several screens side by side, and learns which ones there are', () => {
    greet();
    news();
    hear('00 00 0001 0000 0000 0004 0002 fffffecc 01 000000 00000001 0000 0000 0004 0002 00000009');
    session.wantLayout([
      { id: 0, width: 1280, height: 720 },
      { id: 7, width: 960, height: 800 },
    ]);
    expect(news().at(-1)).toBe(
      'fb0008c003200200' + '000000010000000005' + '0002d000000009' + '0000000705000000' + '03c0032000000000',
    );
    hear('00 00 0001 0001 0004 0004 0002 fffffecc 01 000000 00000001 0000 0000 0004 0002 00000000');
    hear(
      '00 00 0001 0000 0000 08c0 0320 fffffecc 02 000000' +
        '00000001 0000 0000 0500 02d0 00000000 00000007 0500 0000 03c0 0320 00000000',
    );
    expect(heard.at(-1)).toEqual([
      'resized',
      2240,
      800,
      [
        { id: 1, x: 0, y: 0, width: 1280, height: 720 },
        { id: 7, x: 1280, y: 0, width: 960, height: 800 },
      ],
    ]);
    // The same picture, divided another way, and then not at all; what lies outside is no screen.
    hear(
      '00 00 0001 0000 0000 08c0 0320 fffffecc 02 000000' +
        '00000001 0000 0000 0460 0320 00000000 00000007 0460 0000 0460 0320 00000000',
    );
    expect(heard.at(-1)).toMatchObject(['resized', 2240, 800, [{ width: 1120 }, { x: 1120 }]]);
    hear(
      '00 00 0001 0000 0000 08c0 0320 fffffecc 02 000000' +
        '00000001 0000 0000 08c0 0320 00000000 00000007 0500 0000 0fff 0320 00000000',
    );
    expect(heard.at(-1)).toEqual(['resized', 2240, 800, [{ id: 1, x: 0, y: 0, width: 2240, height: 800 }]]);
  });

  it('says when screens are refused, and asks again for others only', () => {
    greet();
    hear('00 00 0001 0000 0000 0004 0002 fffffecc 01 000000 00000001 0000 0000 0004 0002 00000000');
    news();
    session.wantLayout([{ id: 0, width: 16000, height: 9000 }]);
    expect(news()).toHaveLength(1);
    hear('00 00 0001 0001 0002 0004 0002 fffffecc 01 000000 00000001 0000 0000 0004 0002 00000000');
    expect(heard.at(-1)).toEqual(['layoutRefused', 'TOO_LARGE']);
    session.wantLayout([{ id: 0, width: 16000, height: 9000 }]);
    expect(news().filter((message) => message.startsWith('fb'))).toEqual([]);
  });

  it('tells cursors, lights, sound and power', () => {
    greet();
    hear('00 00 0001 0000 0000 0001 0001 fffffec6 00000000 ffffffff');
    expect(heard.at(-1)).toMatchObject(['cursor', { width: 1 }]);
    hear('00 00 0001 0000 0000 0000 0000 fffffec6 00000000');
    expect(heard.at(-1)).toEqual(['cursor', undefined]);
    hear('00 00 0001 0000 0000 0000 0000 fffffefb 05');
    expect(heard.at(-1)).toEqual(['leds', 5]);
    hear('00 00 0001 0000 0000 0000 0000 fffffefd');
    expect(heard.at(-1)).toEqual(['audioOffered']);
    news();
    session.enableAudio(48_000);
    session.disableAudio();
    expect(news()).toEqual(['ff0100020302' + '0000bb80', 'ff010000', 'ff010001']);
    hear('ff 01 0001  ff 01 0002 00000004 01020304  ff 01 0000');
    expect(heard.slice(-3)).toEqual([
      ['audio', 'begin'],
      ['audio', hex('01020304')],
      ['audio', 'end'],
    ]);
    hear('fa 00 01 01');
    expect(heard.at(-1)).toEqual(['powerOffered']);
    session.power('reset');
    expect(news()).toEqual(['fa000104']);
  });

  it('exchanges clipboard text as Latin-1 with servers that know no better', () => {
    greet();
    news();
    hear('03 000000 00000002 e468');
    expect(heard.at(-1)).toEqual(['clipboard', 'äh']);
    session.giveClipboard('ä€');
    expect(news()).toEqual(['0600000000000002e43f']);
  });

  it('exchanges clipboard text as Unicode, on demand', async () => {
    greet();
    news();
    hear('03 000000 fffffff8 1f000001 00000000');
    expect(news()).toEqual(['06000000fffffff81f00000100000000']);
    hear('03 000000 fffffffc 08000001');
    expect(news()).toEqual(['06000000fffffffc02000001']);
    const packed = deflateSync(hex('00000005 e282ac 0d0a'));
    hear(`03 000000 ${digits(new Uint8Array(new Int32Array([-(4 + packed.length)]).buffer).reverse())} 10000001 ${digits(packed)}`);
    expect(heard.at(-1)).toEqual(['clipboard', '€\n']);
    session.giveClipboard('€');
    expect(news()).toEqual(['06000000fffffffc08000001']);
    hear('03 000000 fffffffc 02000001');
    await expect.poll(() => said[0]?.slice(16, 24)).toBe('10000001');
  });
});
