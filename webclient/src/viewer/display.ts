import RFB from '@novnc/novnc';
import type { ConnectReady } from '../api/types';
import type { Display, DisplayEvents } from './connection';
import { LinkMeter, type LinkState } from './link';
import { QUALITY_LEVELS, type ViewerSettings } from './settings';

/** A key as noVNC sends it: an X keysym and, for servers that take key codes, a `KeyboardEvent.code`. */
export interface Key {
  keysym: number;
  code: string;
}

export interface ScreenEvents extends DisplayEvents {
  /** The guest copied text. */
  clipboard: (text: string) => void;
}

/** Longest clipboard text that is handed over to the guest; displayd bounds it too. */
const CLIPBOARD_LIMIT = 1 << 20;

/** Close code of a handshake that never got an answer (RFC 6455 §7.4.1: "abnormal"). */
const ABNORMAL = 1006;
const HANDSHAKE_TIMEOUT_MS = 20_000;

/** The desktop's screen in the page: noVNC behind the few things that the viewer needs of it. */
export class Screen implements Display {
  readonly #socket: WebSocket;
  readonly #rfb: RFB;
  readonly #target: HTMLElement;
  readonly #meter = new LinkMeter();
  #finished = false;
  #handshake: ReturnType<typeof setTimeout> | undefined;

  constructor(target: HTMLElement, ready: ConnectReady, settings: ViewerSettings, events: ScreenEvents) {
    this.#target = target;
    const url = new URL(ready.displayPath, window.location.href);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    this.#socket = new WebSocket(url, ready.subprotocols);
    this.#measure();
    // Before noVNC attaches: the last picture is still in its canvas when the close comes.
    const finish = (code: number): void => {
      if (this.#finished) return;
      this.#finished = true;
      clearTimeout(this.#handshake);
      events.closed(code);
    };
    this.#socket.addEventListener('close', (event) => finish(event.code));
    this.#rfb = new RFB(target, this.#socket, { shared: true });
    this.#handshake = setTimeout(() => {
      finish(ABNORMAL);
      this.close();
    }, HANDSHAKE_TIMEOUT_MS);
    this.#rfb.background = 'transparent';
    this.#rfb.viewOnly = !ready.rights.includes('control');
    this.#rfb.showDotCursor = true;
    this.apply(settings);
    this.#rfb.addEventListener('connect', () => {
      clearTimeout(this.#handshake);
      events.opened();
      // After the handshake the server's first message is the first picture, or comes right before it.
      this.#socket.addEventListener('message', () => requestAnimationFrame(() => this.#finished || events.drawn()), {
        once: true,
      });
    });
    this.#rfb.addEventListener('clipboard', (event) => events.clipboard(event.detail.text.slice(0, CLIPBOARD_LIMIT)));
    // A server that breaks the protocol makes noVNC leave without a close from the socket's other end.
    this.#rfb.addEventListener('disconnect', () => finish(ABNORMAL));
  }

  /** noVNC tells nothing about its traffic, but hands every message to the socket. */
  #measure(): void {
    const send = this.#socket.send.bind(this.#socket);
    this.#socket.send = (data) => {
      if (ArrayBuffer.isView(data)) this.#meter.sent(new Uint8Array(data.buffer, data.byteOffset, 1)[0]);
      send(data);
    };
    this.#socket.addEventListener('message', (event: MessageEvent<unknown>) => {
      if (event.data instanceof ArrayBuffer) this.#meter.received(event.data.byteLength);
    });
  }

  /** How the connection feels now. */
  link(): LinkState {
    return this.#meter.state();
  }

  apply(settings: ViewerSettings): void {
    const level = QUALITY_LEVELS[settings.quality];
    this.#rfb.qualityLevel = level.quality;
    this.#rfb.compressionLevel = level.compression;
    this.#rfb.scaleViewport = settings.sizing !== 'actual';
    this.#rfb.clipViewport = settings.sizing === 'actual';
    this.#rfb.resizeSession = settings.sizing === 'resize';
  }

  /** Whether dragging moves a picture that is larger than the window. */
  dragWith(on: boolean): void {
    this.#rfb.dragViewport = on;
  }

  focus(): void {
    this.#rfb.focus({ preventScroll: true });
  }

  ctrlAltDel(): void {
    this.#rfb.sendCtrlAltDel();
  }

  /** Presses the keys in order and releases them in reverse. */
  press(keys: readonly Key[]): void {
    for (const key of keys) this.#rfb.sendKey(key.keysym, key.code, true);
    for (const key of [...keys].reverse()) this.#rfb.sendKey(key.keysym, key.code, false);
  }

  hold(key: Key, down: boolean): void {
    this.#rfb.sendKey(key.keysym, key.code, down);
  }

  /** Releases every key that the desktop holds down, as when the window loses the focus. */
  releaseKeys(): void {
    // noVNC has no call for it, but does just this on the window's blur.
    window.dispatchEvent(new Event('blur'));
  }

  /** Types one character or control key that has no physical key here, as from a soft keyboard. */
  type(keysym: number): void {
    this.#rfb.sendKey(keysym, null);
  }

  paste(text: string): void {
    this.#rfb.clipboardPasteFrom(text.slice(0, CLIPBOARD_LIMIT));
  }

  /** Copies what is on the screen now, for the dimmed picture behind "Reconnecting…". */
  copyTo(still: HTMLCanvasElement): boolean {
    const canvas = this.#target.querySelector('canvas');
    if (!canvas || canvas.width === 0 || canvas.height === 0) return false;
    still.width = canvas.width;
    still.height = canvas.height;
    still.getContext('2d')?.drawImage(canvas, 0, 0);
    return true;
  }

  close(): void {
    this.#finished = true;
    clearTimeout(this.#handshake);
    this.#rfb.disconnect();
  }
}
