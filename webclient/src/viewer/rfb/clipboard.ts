import { InflateStream } from './inflate';
import { u32, Writer } from './wire';

// rfbproto "Extended Clipboard Pseudo-Encoding": what a message is for, and the one format that we speak.
export const TEXT = 1;
export const CAPS = 1 << 24;
export const REQUEST = 1 << 25;
export const PEEK = 1 << 26;
export const NOTIFY = 1 << 27;
export const PROVIDE = 1 << 28;

/** Longest clipboard text that is taken from a server, in bytes. */
export const LONGEST_TEXT = 8 << 20;

const CLIENT_CUT_TEXT = 6;

function extended(flags: number, body: ArrayLike<number> & Iterable<number> = []): Uint8Array<ArrayBuffer> {
  const message = new Uint8Array(12 + body.length);
  message.set(new Writer().u32(CLIENT_CUT_TEXT << 24).u32(-(4 + body.length)).u32(flags).done());
  message.set(body, 12);
  return message;
}

/** What we can do. Text is only sent when it is asked for, whatever its size. */
export const caps = (): Uint8Array<ArrayBuffer> =>
  extended(CAPS | REQUEST | PEEK | NOTIFY | PROVIDE | TEXT, new Writer().u32(0).done());
export const notify = (text: boolean): Uint8Array<ArrayBuffer> => extended(NOTIFY | (text ? TEXT : 0));
export const request = (): Uint8Array<ArrayBuffer> => extended(REQUEST | TEXT);

async function deflate(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const packed = new Blob([bytes]).stream().pipeThrough(new CompressionStream('deflate'));
  return new Uint8Array(await new Response(packed).arrayBuffer());
}

/** The text itself: with CR LF at the ends of lines and a zero at its own, as the extension demands. */
export async function provide(text: string): Promise<Uint8Array<ArrayBuffer>> {
  const utf8 = new TextEncoder().encode(`${text.replaceAll('\r\n', '\n').replaceAll('\n', '\r\n')}\0`);
  const plain = new Uint8Array(4 + utf8.length);
  plain.set(new Writer().u32(utf8.length).done());
  plain.set(utf8, 4);
  return extended(PROVIDE | TEXT, await deflate(plain));
}

/** The text in a server's "provide", behind the flags. */
export function provided(packed: Uint8Array): string {
  const plain = new InflateStream().all(packed, LONGEST_TEXT);
  const size = plain.length < 4 ? 0 : u32(plain, 0);
  let end = Math.min(plain.length, 4 + size);
  while (end > 4 && plain[end - 1] === 0) end--;
  return new TextDecoder().decode(plain.subarray(4, Math.max(4, end))).replaceAll('\r\n', '\n');
}

/** ClientCutText for servers without the extension (RFC 6143 §7.5.6); what Latin-1 can't say becomes a question mark. */
export function cutText(text: string): Uint8Array<ArrayBuffer> {
  const latin1 = Uint8Array.from(text.replaceAll('\r\n', '\n'), (character) => {
    const point = character.codePointAt(0) ?? 0;
    return point < 0x100 ? point : 0x3f;
  });
  const message = new Uint8Array(8 + latin1.length);
  message.set(new Writer().u32(CLIENT_CUT_TEXT << 24).u32(latin1.length).done());
  message.set(latin1, 8);
  return message;
}
