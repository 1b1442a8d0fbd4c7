import * as clipboard from './clipboard';
import * as say from './clientMessages';
import { readAlphaCursor, readCursor, type CursorImage } from './cursor';
import * as E from './encodings';
import type { FilmDecoder } from './film';
import { BGRX, readPixelFormat, setPixelFormat, type PixelFormat } from './pixelFormat';
import type { Area, ScreenArea, Surface } from './surface';
import { TightDecoder, type PictureDecoder } from './tight';
import { i32, ProtocolError, u16, u32, u8, type Parse } from './wire';
import { ZrleDecoder } from './zrle';

export interface SessionEvents {
  /** The handshake is done. */
  opened: (width: number, height: number, name: string) => void;
  /** The picture has another size, or other screens: at least one. */
  resized: (width: number, height: number, screens: readonly ScreenArea[]) => void;
  /** The server won't have the layout that it was asked for. */
  layoutRefused: (why: LayoutRefusal) => void;
  /** An update is drawn, with pixels in it or without. */
  updated: (pixels: boolean) => void;
  /** The guest's cursor; undefined if it draws its own or shows none. */
  cursor: (cursor: CursorImage | undefined) => void;
  /** Bit 0 scroll lock, 1 num lock, 2 caps lock. */
  leds: (leds: number) => void;
  clipboard: (text: string) => void;
  /** The server has sound for us, if we ask for it. */
  audioOffered: () => void;
  audio: (event: 'begin' | 'end' | Uint8Array<ArrayBuffer>) => void;
  /** The machine can be shut down and restarted by this connection. */
  powerOffered: () => void;
}

/** By the status codes of ExtendedDesktopSize. */
export type LayoutRefusal = 'PROHIBITED' | 'TOO_LARGE' | 'INVALID';

const REFUSALS: readonly (LayoutRefusal | undefined)[] = [undefined, 'PROHIBITED', 'TOO_LARGE', 'INVALID'];

/** A monitor that one would like: the first one's number is the server's affair. */
export interface WantedScreen {
  id: number;
  width: number;
  height: number;
}

export interface SessionParts {
  send: (message: Uint8Array<ArrayBuffer>) => void;
  surface: Surface;
  decodePicture: PictureDecoder;
  /** Undefined where the browser decodes no H.264. */
  films: FilmDecoder | undefined;
  events: SessionEvents;
}

export interface Quality {
  /** 0 (worst) to 9 (best). */
  quality: number;
  /** 0 (none) to 9 (most). */
  compression: number;
}

const UNKNOWN_COUNT = 0xffff;
const LARGEST_SIDE = 16_384;
/** Nobody names a desktop so, or says so much with a bell. */
const LONGEST_NAME = 64 * 1024;
const LONGEST_AUDIO = 4 << 20;
/** Of a fence's flags: "block before", "block after" and "sync next", which all hold by the order we work in. */
const FENCE_FLAGS = 7;
const FENCE_REQUEST = 0x80000000;

/** One RFB connection (RFC 6143), seen from the client: understands what the server says, and says what a person does. */
export class Session {
  readonly #parts: SessionParts;
  readonly #tight: TightDecoder;
  readonly #zrle = new ZrleDecoder();
  #format: PixelFormat = BGRX;
  #width = 0;
  #height = 0;
  #running = false;
  #quality: Quality = { quality: 6, compression: 2 };
  #continuous = false;
  #extendedKeys = false;
  #extendedButtons = false;
  /** Actions of the clipboard extension that the server knows; undefined if it doesn't know the extension. */
  #clipboardActions: number | undefined;
  #given = '';
  /** Undefined if the server has no ExtendedDesktopSize. */
  #first: { id: number; flags: number } | undefined;
  #screens = '';
  #wantedLayout: readonly WantedScreen[] | undefined;
  #askedLayout = '';

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.#tight = new TightDecoder(parts.decodePicture);
  }

  // What the person does.

  setQuality(quality: Quality): void {
    this.#quality = quality;
    if (this.#running) this.#sendEncodings();
  }

  key(keysym: number, scanCode: number | undefined, down: boolean): void {
    if (!this.#running) return;
    if (this.#extendedKeys && scanCode !== undefined) this.#parts.send(say.scanCodeEvent(down, keysym, scanCode));
    else if (keysym !== 0) this.#parts.send(say.keyEvent(down, keysym));
  }

  pointer(buttons: number, x: number, y: number): void {
    if (!this.#running) return;
    const inside = (at: number, size: number): number => Math.max(0, Math.min(size - 1, Math.floor(at)));
    const position = [inside(x, this.#width), inside(y, this.#height)] as const;
    this.#parts.send(say.pointerEvent(buttons, ...position, this.#extendedButtons));
  }

  /**
   * Asks for monitors of the desktop, side by side, now or as soon as the server takes such wishes; undefined takes the wish
   * back.
   */
  wantLayout(screens: readonly WantedScreen[] | undefined): void {
    this.#wantedLayout = screens;
    this.#askForLayout();
  }

  giveClipboard(text: string): void {
    if (!this.#running) return;
    if (this.#clipboardActions === undefined) {
      this.#parts.send(clipboard.cutText(text));
    } else {
      this.#given = text;
      this.#parts.send(clipboard.notify(text !== ''));
    }
  }

  enableAudio(hertz: number): void {
    this.#parts.send(say.audioFormat(2, hertz));
    this.#parts.send(say.enableAudio(true));
  }

  disableAudio(): void {
    this.#parts.send(say.enableAudio(false));
  }

  power(action: say.PowerAction): void {
    this.#parts.send(say.power(action));
  }

  // What the server says.

  /** The connection from its first byte. */
  *parse(): Parse {
    yield* this.#handshake();
    for (;;) {
      const type = u8(yield 1, 0);
      switch (type) {
        case 0:
          yield* this.#update();
          break;
        case 1: // SetColourMapEntries: we ask for true colour
          yield 6 * u16(yield 5, 3);
          break;
        case 2: // Bell
          break;
        case 3:
          yield* this.#cutText();
          break;
        case 150:
          this.#endOfContinuousUpdates();
          break;
        case 248:
          yield* this.#fence();
          break;
        case 250: {
          const code = u8(yield 3, 2);
          if (code === 1) this.#parts.events.powerOffered();
          break;
        }
        case 255:
          yield* this.#qemu();
          break;
        default:
          throw new ProtocolError(`unknown message ${type}`);
      }
    }
  }

  *#handshake(): Parse {
    const banner = String.fromCharCode(...(yield 12));
    const version = /^RFB 003\.(\d{3})\n$/.exec(banner)?.[1];
    if (version === undefined) throw new ProtocolError('not an RFB server');
    const minor = Number(version) >= 8 ? 8 : Number(version) === 7 ? 7 : 3;
    this.#parts.send(new TextEncoder().encode(`RFB 003.00${minor}\n`));
    if (minor === 3) {
      if (u32(yield 4, 0) !== 1) throw new ProtocolError('the server wants a password');
    } else {
      const types = yield u8(yield 1, 0);
      if (!types.includes(1)) throw new ProtocolError('the server wants a password');
      this.#parts.send(Uint8Array.of(1));
      if (minor === 8 && u32(yield 4, 0) !== 0) throw new ProtocolError('the server refused the connection');
    }
    this.#parts.send(Uint8Array.of(1)); // shared: who else may watch is the server's business
    const init = yield 24;
    const [width, height, length] = [u16(init, 0), u16(init, 2), u32(init, 20)];
    const format = readPixelFormat(init.subarray(4, 20));
    if (length > LONGEST_NAME) throw new ProtocolError('a name too long');
    const name = new TextDecoder().decode(yield length);
    // Servers of true colour keep their own order of bytes: it saves them the work of changing it.
    if (format !== undefined) this.#format = format;
    else this.#parts.send(setPixelFormat());
    this.#running = true;
    this.#setSize(width, height);
    this.#parts.events.opened(width, height, name);
    this.#sendEncodings();
    this.#parts.send(say.updateRequest(false, width, height));
  }

  #sendEncodings(): void {
    const { quality, compression } = this.#quality;
    this.#parts.send(
      say.setEncodings([
        E.COPY_RECT,
        E.TIGHT,
        E.TIGHT_PNG,
        E.ZRLE,
        E.RAW,
        ...(this.#parts.films ? [E.H264] : []),
        E.QUALITY_LEVEL_0 + quality,
        E.COMPRESSION_LEVEL_0 + compression,
        E.LAST_RECT,
        E.DESKTOP_SIZE,
        E.EXTENDED_DESKTOP_SIZE,
        E.CURSOR_WITH_ALPHA,
        E.CURSOR,
        E.QEMU_EXTENDED_KEY,
        E.QEMU_LED_STATE,
        E.QEMU_AUDIO,
        E.EXTENDED_MOUSE_BUTTONS,
        E.EXTENDED_CLIPBOARD,
        E.DESKTOP_NAME,
        E.XVP,
        E.FENCE,
        E.CONTINUOUS_UPDATES,
      ]),
    );
  }

  #setSize(width: number, height: number, screens: readonly ScreenArea[] = []): void {
    if (width === 0 || height === 0 || width > LARGEST_SIDE || height > LARGEST_SIDE) {
      throw new ProtocolError(`a picture of ${width} × ${height}`);
    }
    const inside = screens.filter(
      ({ x, y, width: w, height: h }) => w > 0 && h > 0 && x + w <= width && y + h <= height,
    );
    const shown = inside.length > 0 ? inside : [{ id: 0, x: 0, y: 0, width, height }];
    const layout = JSON.stringify(shown);
    const sameSize = width === this.#width && height === this.#height;
    if (sameSize && layout === this.#screens) return;
    this.#width = width;
    this.#height = height;
    this.#screens = layout;
    this.#parts.surface.resize(width, height, shown);
    this.#parts.surface.after(() => this.#parts.events.resized(width, height, shown));
    if (this.#continuous && !sameSize) this.#parts.send(say.continuousUpdates(true, width, height));
  }

  /** FramebufferUpdate (RFC 6143 §7.6.1). */
  *#update(): Parse {
    const count = u16(yield 3, 1);
    let pixels = false;
    for (let i = 0; i < count || count === UNKNOWN_COUNT; i++) {
      const head = yield 12;
      const area: Area = { x: u16(head, 0), y: u16(head, 2), width: u16(head, 4), height: u16(head, 6) };
      const encoding = i32(head, 8);
      if (encoding === E.LAST_RECT) break;
      if (encoding >= 0 || encoding === E.TIGHT_PNG) {
        if (area.x + area.width > this.#width || area.y + area.height > this.#height) {
          throw new ProtocolError('a rectangle leaves the picture');
        }
        pixels = true;
        yield* this.#rectangle(area, encoding);
      } else {
        yield* this.#pseudoRectangle(area, encoding);
      }
    }
    const { surface, events } = this.#parts;
    surface.show();
    surface.after(() => events.updated(pixels));
    if (!this.#continuous) this.#parts.send(say.updateRequest(true, this.#width, this.#height));
  }

  *#rectangle(area: Area, encoding: number): Parse {
    const { surface } = this.#parts;
    switch (encoding) {
      case E.RAW:
        yield* this.#raw(area);
        break;
      case E.COPY_RECT: {
        const from = yield 4;
        surface.copy(area, u16(from, 0), u16(from, 2));
        break;
      }
      case E.TIGHT:
      case E.TIGHT_PNG:
        yield* this.#tight.rectangle(area, surface);
        break;
      case E.ZRLE:
        yield* this.#zrle.rectangle(area, this.#format, surface);
        break;
      case E.H264: {
        const head = yield 8;
        const flags = u32(head, 4);
        const data = yield u32(head, 0);
        // The decoder takes its time, and the bytes may be gone by then.
        const film = this.#parts.films?.decode(area, flags, data.slice());
        if (film) surface.picture(area, film);
        break;
      }
      default:
        throw new ProtocolError(`unknown encoding ${encoding}`);
    }
  }

  /** Row by row, so that a large picture isn't held in two copies. */
  *#raw(area: Area): Parse {
    const { red, green, blue } = this.#format;
    const rgba = new Uint8ClampedArray(4 * area.width);
    for (let y = area.y; y < area.y + area.height; y++) {
      const row = yield rgba.length;
      for (let at = 0; at < rgba.length; at += 4) {
        rgba[at] = u8(row, at + red);
        rgba[at + 1] = u8(row, at + green);
        rgba[at + 2] = u8(row, at + blue);
        rgba[at + 3] = 255;
      }
      this.#parts.surface.pixels({ x: area.x, y, width: area.width, height: 1 }, rgba);
    }
  }

  *#pseudoRectangle(area: Area, encoding: number): Parse {
    const { events } = this.#parts;
    switch (encoding) {
      case E.DESKTOP_SIZE:
        this.#setSize(area.width, area.height);
        break;
      case E.EXTENDED_DESKTOP_SIZE:
        yield* this.#extendedDesktopSize(area);
        break;
      case E.CURSOR:
        events.cursor(visible(yield* readCursor(area, this.#format)));
        break;
      case E.CURSOR_WITH_ALPHA:
        events.cursor(visible(yield* readAlphaCursor(area)));
        break;
      case E.QEMU_EXTENDED_KEY:
        this.#extendedKeys = true;
        break;
      case E.EXTENDED_MOUSE_BUTTONS:
        this.#extendedButtons = true;
        break;
      case E.QEMU_LED_STATE:
        events.leds(u8(yield 1, 0));
        break;
      case E.QEMU_AUDIO:
        events.audioOffered();
        break;
      case E.DESKTOP_NAME: {
        const length = u32(yield 4, 0);
        if (length > LONGEST_NAME) throw new ProtocolError('a name too long');
        yield length;
        break;
      }
      default:
        throw new ProtocolError(`unknown pseudo-encoding ${encoding}`);
    }
  }

  *#extendedDesktopSize(area: Area): Parse {
    const count = u8(yield 4, 0);
    const list = yield 16 * count;
    const screens: ScreenArea[] = [];
    for (let at = 0; at < list.length; at += 16) {
      const [x, y, width, height] = [u16(list, at + 4), u16(list, at + 6), u16(list, at + 8), u16(list, at + 10)];
      screens.push({ id: u32(list, at), x, y, width, height });
    }
    this.#first = count > 0 ? { id: u32(list, 0), flags: u32(list, 12) } : { id: 0, flags: 0 };
    // The answer to a wish that isn't fulfilled (yet) tells a size too, but nothing of it is new.
    const unfulfilled = area.x === 1 && area.y !== 0;
    if (!unfulfilled) this.#setSize(area.width, area.height, screens);
    const refusal = area.x === 1 ? REFUSALS[area.y] : undefined;
    if (refusal !== undefined) this.#parts.events.layoutRefused(refusal);
    this.#askForLayout();
  }

  #askForLayout(): void {
    const wanted = this.#wantedLayout;
    if (!this.#running || this.#first === undefined) return;
    const name = wanted ? wanted.map(({ id, width, height }) => `${id}:${width}x${height}`).join(' ') : '';
    if (name === this.#askedLayout) return;
    this.#askedLayout = name;
    if (!wanted) return;
    let right = 0;
    const screens = wanted.map(({ id, width, height }, i) => {
      const x = right;
      right += width;
      return { x, y: 0, width, height, flags: 0, id, ...(i === 0 && this.#first) };
    });
    this.#parts.send(say.desktopSize(right, Math.max(...wanted.map(({ height }) => height)), screens));
  }

  #endOfContinuousUpdates(): void {
    if (this.#continuous) return;
    // The first time it says that the server knows how.
    this.#continuous = true;
    this.#parts.send(say.continuousUpdates(true, this.#width, this.#height));
  }

  *#fence(): Parse {
    const head = yield 8;
    const flags = u32(head, 3);
    const payload = (yield u8(head, 7)).slice();
    if (flags & FENCE_REQUEST) {
      // "Block before": what came before has been drawn.
      this.#parts.surface.after(() => this.#parts.send(say.fence(flags & FENCE_FLAGS, payload)));
    }
  }

  *#qemu(): Parse {
    const kind = u8(yield 1, 0);
    if (kind !== 1) throw new ProtocolError(`unknown QEMU message ${kind}`);
    const operation = u16(yield 2, 0);
    const { events } = this.#parts;
    if (operation === 2) {
      const length = u32(yield 4, 0);
      if (length > LONGEST_AUDIO) throw new ProtocolError(`${length} bytes of sound at once`);
      events.audio((yield length).slice());
    } else {
      events.audio(operation === 1 ? 'begin' : 'end');
    }
  }

  *#cutText(): Parse {
    const length = i32(yield 7, 3);
    const body = yield* bounded(Math.abs(length));
    if (body === undefined) return;
    if (length >= 0) {
      this.#parts.events.clipboard(latin1(body));
      return;
    }
    if (body.length < 4) throw new ProtocolError('a clipboard message without flags');
    const flags = u32(body, 0);
    const text = (flags & clipboard.TEXT) !== 0;
    if (flags & clipboard.CAPS) {
      this.#clipboardActions = flags;
      this.#parts.send(clipboard.caps());
    } else if (flags & clipboard.PROVIDE) {
      if (text) this.#parts.events.clipboard(clipboard.provided(body.subarray(4)));
    } else if (flags & clipboard.NOTIFY) {
      if (text) this.#parts.send(clipboard.request());
    } else if (flags & clipboard.PEEK) {
      this.#parts.send(clipboard.notify(this.#given !== ''));
    } else if (flags & clipboard.REQUEST && text) {
      void clipboard.provide(this.#given).then((message) => this.#parts.send(message));
    }
  }
}

/** Skips what is too long, in pieces, so that it is never held. */
function* bounded(length: number): Parse<Uint8Array<ArrayBuffer> | undefined> {
  if (length <= clipboard.LONGEST_TEXT) return yield length;
  for (let left = length; left > 0; ) {
    const piece = Math.min(left, 64 * 1024);
    yield piece;
    left -= piece;
  }
  return undefined;
}

function latin1(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

/** A cursor of which nothing is to be seen is none. */
function visible(cursor: CursorImage): CursorImage | undefined {
  for (let at = 3; at < cursor.rgba.length; at += 4) {
    if (cursor.rgba[at] !== 0) return cursor;
  }
  return undefined;
}
