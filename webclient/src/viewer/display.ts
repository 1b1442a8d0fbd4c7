import type { ConnectReady } from '../api/types';
import type { Display, DisplayEvents } from './connection';
import { CursorView } from './input/cursorView';
import { Gestures } from './input/gestures';
import { Keyboard } from './input/keyboard';
import { buttonsOf, Wheel, type Spot } from './input/pointer';
import type { LinkState } from './link';
import { startEngine, type EngineHost } from './rfb/host';
import type { FromEngine } from './rfb/messages';
import { QUALITY_LEVELS } from './quality';
import type { ViewerSettings } from './settings';
import { Speaker } from './sound/speaker';
import { Viewport } from './viewport';

/** A key as an X keysym and, for servers that take key codes, a `KeyboardEvent.code`. */
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

const CONTROL: Key = { keysym: 0xffe3, code: 'ControlLeft' };
const CTRL_ALT_DEL: readonly Key[] = [
  CONTROL,
  { keysym: 0xffe9, code: 'AltLeft' },
  { keysym: 0xffff, code: 'Delete' },
];

const NO_LINK: LinkState = { responseMs: undefined, kilobytesPerSecond: 0, picturesPerSecond: 0 };

/**
 * The desktop's screen in the page: its canvas, keyboard and mouse. Protocol, decoding and drawing are the engine's, in a
 * thread of its own.
 */
export class Screen implements Display {
  readonly #canvas = document.createElement('canvas');
  readonly #engine: EngineHost;
  readonly #events: ScreenEvents;
  readonly #viewOnly: boolean;
  readonly #viewport: Viewport;
  readonly #cursor: CursorView | undefined;
  readonly #keyboard: Keyboard;
  readonly #speaker: Speaker;
  readonly #gestures: Gestures;
  readonly #wheel = new Wheel();
  readonly #off = new AbortController();
  #link = NO_LINK;
  #finished = false;
  /** Whether dragging moves the picture. */
  #panning = false;
  #panned: Spot | undefined;
  #audible = false;
  #sound: boolean;
  #colour: ((colour: readonly number[], at: number) => void) | undefined;

  constructor(target: HTMLElement, ready: ConnectReady, settings: ViewerSettings, events: ScreenEvents) {
    this.#events = events;
    this.#viewOnly = !ready.rights.includes('control');
    this.#canvas.tabIndex = -1;
    this.#canvas.className = 'oriel-viewer__canvas';
    target.append(this.#canvas);
    this.#cursor = this.#viewOnly ? undefined : new CursorView(this.#canvas);
    const url = new URL(ready.displayPath, window.location.href);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    this.#engine = startEngine(
      this.#canvas,
      {
        address: { url: url.href, protocols: ready.subprotocols },
        quality: QUALITY_LEVELS[settings.quality],
      },
      (message) => this.#hear(message),
    );
    this.#viewport = new Viewport(target, this.#canvas, (size) => {
      if (!this.#viewOnly) this.#engine.tell({ kind: 'size', size });
    });
    this.#viewport.setSizing(settings.sizing);
    this.#keyboard = new Keyboard({
      key: (keysym, scanCode, down) => this.#engine.tell({ kind: 'key', keysym, scanCode, down }),
    });
    this.#sound = settings.sound;
    this.#speaker = new Speaker(
      (port, hertz) => this.#engine.tell({ kind: 'listen', port, hertz }, [port]),
      () => this.#engine.tell({ kind: 'mute' }),
    );
    this.#gestures = new Gestures({
      move: (at, buttons) => {
        this.#cursor?.touched(at);
        this.#point(at, buttons);
      },
      click: (at, buttons) => {
        this.#cursor?.touched(at);
        this.#point(at, 0);
        this.#point(at, buttons);
        this.#point(at, 0);
      },
      pans: () => this.#panning,
      pan: (dx, dy) => this.#viewport.pan(dx, dy),
      zoom: (on) => this.#keyboard.hold(CONTROL.keysym, CONTROL.code, on),
    });
    if (this.#viewOnly) this.#listenForPans();
    else this.#listen();
    for (const kind of ['pointerup', 'keydown'] as const) {
      window.addEventListener(kind, () => this.#speaker.acted(), { signal: this.#off.signal, capture: true });
    }
  }

  #hear(message: FromEngine): void {
    if (this.#finished) return;
    switch (message.kind) {
      case 'opened':
        this.#events.opened();
        break;
      case 'resized':
        this.#viewport.setPicture(message);
        break;
      case 'drawn':
        // The canvas has it with the next frame.
        requestAnimationFrame(() => this.#finished || this.#events.drawn());
        break;
      case 'cursor':
        this.#cursor?.set(message.cursor);
        break;
      case 'leds':
        this.#keyboard.setLights(message.leds);
        break;
      case 'clipboard':
        this.#events.clipboard(message.text.slice(0, CLIPBOARD_LIMIT));
        break;
      case 'link':
        this.#link = message.state;
        break;
      case 'colour':
        this.#colour?.(message.colour, message.at);
        break;
      case 'audioOffered':
        this.#audible = true;
        this.#speaker.turn(this.#sound);
        break;
      case 'powerOffered':
        break;
      case 'closed':
        this.#finished = true;
        // While the last picture is still here to be copied.
        this.#events.closed(message.code);
        this.#remove();
        break;
    }
  }

  /** How the connection feels now. */
  link(): LinkState {
    return this.#link;
  }

  apply(settings: ViewerSettings): void {
    this.#engine.tell({ kind: 'quality', quality: QUALITY_LEVELS[settings.quality] });
    this.#viewport.setSizing(settings.sizing);
    this.#sound = settings.sound;
    if (this.#audible) this.#speaker.turn(settings.sound);
  }

  /** Whether the desktop has a loudspeaker that can be heard here. */
  get audible(): boolean {
    return this.#audible;
  }

  /** Whether dragging moves a picture that is larger than the window. */
  dragWith(on: boolean): void {
    this.#panning = on;
  }

  focus(): void {
    this.#canvas.focus({ preventScroll: true });
  }

  ctrlAltDel(): void {
    this.press(CTRL_ALT_DEL);
  }

  /** Presses the keys in order and releases them in reverse. */
  press(keys: readonly Key[]): void {
    for (const key of keys) this.hold(key, true);
    for (const key of [...keys].reverse()) this.hold(key, false);
  }

  hold(key: Key, down: boolean): void {
    if (!this.#viewOnly) this.#keyboard.hold(key.keysym, key.code, down);
  }

  /** Releases every key that the desktop holds down, as when the window loses the focus. */
  releaseKeys(): void {
    this.#keyboard.releaseAll();
  }

  /** Types one character or control key that has no physical key here, as from a soft keyboard. */
  type(keysym: number): void {
    if (!this.#viewOnly) this.#keyboard.tap(keysym, '');
  }

  paste(text: string): void {
    if (!this.#viewOnly) this.#engine.tell({ kind: 'clipboard', text: text.slice(0, CLIPBOARD_LIMIT) });
  }

  /** Copies what is on the screen now, for the dimmed picture behind "Reconnecting…". */
  copyTo(still: HTMLCanvasElement): boolean {
    const { width, height } = this.#canvas;
    if (width === 0 || height === 0) return false;
    still.width = width;
    still.height = height;
    still.getContext('2d')?.drawImage(this.#canvas, 0, 0);
    return true;
  }

  /**
   * Tells the colour of a pixel (red, green, blue) after each update, and when it was drawn, in milliseconds since 1970: for
   * measurements.
   */
  watchColour(x: number, y: number, listener: (colour: readonly number[], at: number) => void): void {
    this.#colour = listener;
    this.#engine.tell({ kind: 'watch', x, y });
  }

  close(): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#remove();
  }

  #remove(): void {
    this.#off.abort();
    this.#gestures.cancel();
    this.#viewport.close();
    this.#speaker.close();
    this.#engine.end();
    this.#cursor?.remove();
    this.#canvas.remove();
  }

  #point(at: Spot, buttons: number): void {
    const { x, y } = this.#viewport.at(at);
    this.#engine.tell({ kind: 'pointer', buttons, x, y });
  }

  #listen(): void {
    const canvas = this.#canvas;
    const { signal } = this.#off;
    canvas.addEventListener('keydown', (event) => this.#keyboard.press(event), { signal });
    canvas.addEventListener('keyup', (event) => this.#keyboard.release(event), { signal });
    window.addEventListener('blur', () => this.#keyboard.releaseAll(), { signal });
    canvas.addEventListener('contextmenu', (event) => event.preventDefault(), { signal });
    canvas.addEventListener('wheel', (event) => this.#turn(event), { signal, passive: false });
    for (const kind of ['pointerdown', 'pointermove', 'pointerup', 'pointercancel'] as const) {
      canvas.addEventListener(kind, (event) => this.#pointed(kind, event), { signal });
    }
    // Browsers make mouse events of it that go "back" in the page's history.
    for (const kind of ['mousedown', 'mouseup', 'auxclick'] as const) {
      canvas.addEventListener(kind, (event) => event.preventDefault(), { signal });
    }
  }

  /** Who only watches may still look around. */
  #listenForPans(): void {
    const { signal } = this.#off;
    for (const kind of ['pointerdown', 'pointermove', 'pointerup', 'pointercancel'] as const) {
      this.#canvas.addEventListener(kind, (event) => this.#panning && this.#pan(kind, event), { signal });
    }
  }

  #pointed(kind: 'pointerdown' | 'pointermove' | 'pointerup' | 'pointercancel', event: PointerEvent): void {
    event.preventDefault();
    if (kind === 'pointerdown') {
      this.focus();
      this.#canvas.setPointerCapture(event.pointerId);
    }
    const at = { x: event.clientX, y: event.clientY };
    if (event.pointerType === 'touch') {
      this.#touched(kind, event, at);
      return;
    }
    this.#cursor?.untouched();
    if (this.#panning) this.#pan(kind, event);
    else this.#point(at, buttonsOf(event.buttons));
  }

  #touched(kind: string, event: PointerEvent, at: Spot): void {
    switch (kind) {
      case 'pointerdown':
        this.#gestures.down(event.pointerId, at, event.timeStamp);
        break;
      case 'pointermove':
        this.#gestures.move(event.pointerId, at);
        break;
      case 'pointerup':
        this.#gestures.up(event.pointerId, event.timeStamp);
        break;
      default:
        this.#gestures.cancel();
    }
  }

  #pan(kind: string, event: PointerEvent): void {
    const at = { x: event.clientX, y: event.clientY };
    const before = this.#panned;
    this.#panned = kind === 'pointerdown' || (before && kind === 'pointermove') ? at : undefined;
    if (kind === 'pointermove' && before) this.#viewport.pan(at.x - before.x, at.y - before.y);
  }

  #turn(event: WheelEvent): void {
    event.preventDefault();
    const at = { x: event.clientX, y: event.clientY };
    const held = buttonsOf(event.buttons);
    for (const step of this.#wheel.turn(event)) {
      this.#point(at, held | step);
      this.#point(at, held);
    }
  }
}
