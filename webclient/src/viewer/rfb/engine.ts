import { LinkMeter } from '../link';
import { CanvasSurface } from './canvasSurface';
import { canDecodeFilms, FilmDecoder } from './film';
import type { FromEngine, ToEngine } from './messages';
import { Session } from './session';
import type { PictureDecoder } from './tight';
import { Feeder } from './wire';

type Open = ToEngine & { kind: 'open' };

/** Close code of a connection that broke off, or that we broke off (RFC 6455 §7.4.1: "abnormal"). */
const ABNORMAL = 1006;
/** Close code that says that the other end broke the protocol: the one that a page may send for it. */
const BROKEN_PROTOCOL = 4005;
const HANDSHAKE_TIMEOUT_MS = 20_000;
const LINK_EVERY_MS = 1_000;

/** One decoder of H.264 to find out, for all connections of this thread. */
let filmsKnown: Promise<boolean> | undefined;

const decodePicture: PictureDecoder = (data, type) =>
  createImageBitmap(new Blob([data], { type }), { colorSpaceConversion: 'none', premultiplyAlpha: 'none' });

/** Everything between the socket and the canvas. It runs in a worker where canvases can go there, else in the page. */
export class Engine {
  readonly #tell: (message: FromEngine) => void;
  readonly #newCanvas: (width: number, height: number) => OffscreenCanvas | HTMLCanvasElement;
  readonly #meter = new LinkMeter();
  /** What came while it was found out whether films can be decoded. */
  #early: Exclude<ToEngine, Open>[] | undefined = [];
  #session: Session | undefined;
  #surface: CanvasSurface | undefined;
  #films: FilmDecoder | undefined;
  #feeder: Feeder | undefined;
  #socket: WebSocket | undefined;
  #opened = false;
  #drawn = false;
  #finished = false;
  #handshake: ReturnType<typeof setTimeout> | undefined;
  #linkTimer: ReturnType<typeof setInterval> | undefined;
  #watched: { x: number; y: number } | undefined;
  #listener: { port: MessagePort; hertz: number } | undefined;
  #audioOffered = false;

  constructor(
    tell: (message: FromEngine) => void,
    newCanvas: (width: number, height: number) => OffscreenCanvas | HTMLCanvasElement,
  ) {
    this.#tell = tell;
    this.#newCanvas = newCanvas;
  }

  handle(message: ToEngine): void {
    if (message.kind === 'open') void this.#open(message);
    else if (this.#early !== undefined) this.#early.push(message);
    else this.#do(message);
  }

  async #open(open: Open): Promise<void> {
    // The socket first: its way is the longest.
    if (open.address) this.#connect(open.address.url, open.address.protocols);
    const films = await (filmsKnown ??= canDecodeFilms());
    const surface = new CanvasSurface(open.canvas, this.#newCanvas);
    this.#surface = surface;
    this.#films = films ? new FilmDecoder() : undefined;
    this.#session = new Session({
      send: (bytes) => this.#send(bytes),
      surface,
      decodePicture,
      films: this.#films,
      events: {
        opened: (width, height, name) => {
          this.#opened = true;
          clearTimeout(this.#handshake);
          this.#tell({ kind: 'opened', width, height, name });
        },
        resized: (width, height, screens) => this.#tell({ kind: 'resized', width, height, screens }),
        layoutRefused: (why) => this.#tell({ kind: 'layoutRefused', why }),
        updated: (pixels) => this.#updated(pixels),
        cursor: (cursor) => this.#tell({ kind: 'cursor', cursor }),
        leds: (leds) => this.#tell({ kind: 'leds', leds }),
        clipboard: (text) => this.#tell({ kind: 'clipboard', text }),
        audioOffered: () => {
          this.#audioOffered = true;
          this.#tell({ kind: 'audioOffered' });
          this.#listen();
        },
        audio: (event) => this.#listener?.port.postMessage(event),
        powerOffered: () => this.#tell({ kind: 'powerOffered' }),
      },
    });
    this.#session.setQuality(open.quality);
    this.#feeder = new Feeder(this.#session.parse());
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const message of early) this.#do(message);
  }

  #connect(url: string, protocols: readonly string[]): void {
    const socket = new WebSocket(url, [...protocols]);
    socket.binaryType = 'arraybuffer';
    this.#socket = socket;
    socket.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      if (!(data instanceof ArrayBuffer)) return;
      this.#meter.received(data.byteLength);
      this.handle({ kind: 'feed', bytes: new Uint8Array(data) });
    });
    socket.addEventListener('close', ({ code, reason }) => this.#finish(code, reason));
    this.#handshake = setTimeout(() => this.#finish(ABNORMAL, 'no answer'), HANDSHAKE_TIMEOUT_MS);
    this.#linkTimer = setInterval(() => this.#tell({ kind: 'link', state: this.#meter.state() }), LINK_EVERY_MS);
  }

  #do(message: Exclude<ToEngine, Open>): void {
    const session = this.#session;
    if (this.#finished || session === undefined) return;
    switch (message.kind) {
      case 'feed':
        this.#feed(message.bytes);
        break;
      case 'key':
        session.key(message.keysym, message.scanCode, message.down);
        break;
      case 'pointer':
        session.pointer(message.buttons, message.x, message.y);
        break;
      case 'quality':
        session.setQuality(message.quality);
        break;
      case 'layout':
        session.wantLayout(message.screens);
        break;
      case 'addScreen':
        this.#surface?.addScreen(message.id, message.canvas);
        break;
      case 'removeScreen':
        this.#surface?.removeScreen(message.id);
        break;
      case 'clipboard':
        session.giveClipboard(message.text);
        break;
      case 'listen':
        this.#listener = message;
        this.#listen();
        break;
      case 'mute':
        if (this.#listener !== undefined && this.#audioOffered) session.disableAudio();
        this.#listener = undefined;
        break;
      case 'power':
        session.power(message.action);
        break;
      case 'watch':
        this.#watched = message;
        break;
      case 'close':
        this.#finish(1000, '');
        break;
    }
  }

  #listen(): void {
    if (this.#listener !== undefined && this.#audioOffered) this.#session?.enableAudio(this.#listener.hertz);
  }

  #feed(bytes: Uint8Array<ArrayBuffer>): void {
    try {
      this.#feeder?.feed(bytes);
    } catch (error) {
      this.#finish(ABNORMAL, String(error));
    }
  }

  #updated(pixels: boolean): void {
    if (!pixels || this.#finished) return;
    if (!this.#drawn) {
      this.#drawn = true;
      this.#tell({ kind: 'drawn' });
    }
    if (this.#watched !== undefined && this.#surface !== undefined) {
      const colour = this.#surface.colour(this.#watched.x, this.#watched.y);
      this.#tell({ kind: 'colour', colour, at: performance.timeOrigin + performance.now() });
    }
  }

  #send(bytes: Uint8Array<ArrayBuffer>): void {
    const socket = this.#socket;
    if (socket?.readyState !== WebSocket.OPEN) return;
    this.#meter.sent(bytes[0]);
    socket.send(bytes);
  }

  #finish(code: number, reason: string): void {
    if (this.#finished) return;
    this.#finished = true;
    clearTimeout(this.#handshake);
    clearInterval(this.#linkTimer);
    this.#surface?.close();
    this.#films?.close();
    const socket = this.#socket;
    if (socket !== undefined && socket.readyState <= WebSocket.OPEN) {
      if (this.#opened && code === ABNORMAL) socket.close(BROKEN_PROTOCOL);
      else socket.close();
    }
    this.#tell({ kind: 'closed', code, reason });
  }
}
