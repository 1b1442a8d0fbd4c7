import type { ConnectReady } from '../api/types';
import type { Display, DisplayEvents } from './connection';
import { Keyboard } from './input/keyboard';
import type { LinkState } from './link';
import { Pane, type PaneSink } from './pane';
import { startEngine, type EngineHost } from './rfb/host';
import type { FromEngine } from './rfb/messages';
import type { LayoutRefusal, WantedScreen } from './rfb/session';
import type { ScreenArea } from './rfb/surface';
import { QUALITY_LEVELS } from './quality';
import type { Sizing, ViewerSettings } from './settings';
import { Speaker } from './sound/speaker';
import type { Size } from './viewport';

/** A key as an X keysym and, for servers that take key codes, a `KeyboardEvent.code`. */
export interface Key {
  keysym: number;
  code: string;
}

export interface ScreenEvents extends DisplayEvents {
  /** The guest copied text. */
  clipboard: (text: string) => void;
}

/** Where another monitor of the desktop is shown: in another window. */
export interface MonitorPlace {
  /** Greater than 0, and never the same again. */
  readonly id: number;
  readonly place: HTMLElement;
  /** The last picture while there is none. */
  readonly still: HTMLCanvasElement;
}

/** What became of the wish for monitors. */
export type MonitorEvent = { kind: 'shown'; ids: readonly number[] } | { kind: 'refused'; why: LayoutRefusal };

/** Guests' graphics adapters and agents have no other widths, some of them. */
const WIDTH_STEP = 8;

function wanted(id: number, { width, height }: Size): WantedScreen {
  return { id, width: width - (width % WIDTH_STEP), height };
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
 * The desktop's screen in the page, and its other monitors in windows of their own. Protocol, decoding and drawing of all of
 * them are one engine's, in a thread of its own; keyboard and mouse are the windows'.
 */
export class Screen implements Display {
  readonly #main: Pane;
  readonly #others = new Map<number, { pane: Pane; still: HTMLCanvasElement }>();
  readonly #engine: EngineHost;
  readonly #events: ScreenEvents;
  readonly #viewOnly: boolean;
  readonly #keyboard: Keyboard;
  readonly #speaker: Speaker;
  readonly #off = new AbortController();
  #link = NO_LINK;
  #finished = false;
  #audible = false;
  #sound: boolean;
  #sizing: Sizing;
  #picture: Size = { width: 0, height: 0 };
  #screens: readonly ScreenArea[] = [];
  /** What the desktop's size is to be with one monitor, after it had more. */
  #alone: Size | undefined;
  #monitorListener: ((event: MonitorEvent) => void) | undefined;
  #colour: ((colour: readonly number[], at: number) => void) | undefined;

  /** @param monitors that are there already, as after a broken connection */
  constructor(
    target: HTMLElement,
    ready: ConnectReady,
    settings: ViewerSettings,
    events: ScreenEvents,
    monitors: readonly MonitorPlace[] = [],
  ) {
    this.#events = events;
    this.#viewOnly = !ready.rights.includes('control');
    this.#sizing = settings.sizing;
    this.#keyboard = new Keyboard({
      key: (keysym, scanCode, down) => this.#engine.tell({ kind: 'key', keysym, scanCode, down }),
    });
    this.#main = this.#pane(target);
    const url = new URL(ready.displayPath, window.location.href);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    this.#engine = startEngine(
      this.#main.canvas,
      {
        address: { url: url.href, protocols: ready.subprotocols },
        quality: QUALITY_LEVELS[settings.quality],
      },
      (message) => this.#hear(message),
    );
    this.#sound = settings.sound;
    this.#speaker = new Speaker(
      (port, hertz) => this.#engine.tell({ kind: 'listen', port, hertz }, [port]),
      () => this.#engine.tell({ kind: 'mute' }),
    );
    for (const kind of ['pointerup', 'keydown'] as const) {
      window.addEventListener(kind, () => this.#speaker.acted(), { signal: this.#off.signal, capture: true });
    }
    this.setMonitors(monitors);
    this.#wish();
  }

  #pane(place: HTMLElement): Pane {
    const sink: PaneSink = {
      pointer: (buttons, { x, y }) => this.#engine.tell({ kind: 'pointer', buttons, x, y }),
      settled: () => this.#wish(),
      zoom: (on) => this.#keyboard.hold(CONTROL.keysym, CONTROL.code, on),
    };
    const pane = new Pane(place, this.#viewOnly ? undefined : this.#keyboard, sink);
    pane.setSizing(this.#sizing);
    return pane;
  }

  #hear(message: FromEngine): void {
    if (this.#finished) return;
    switch (message.kind) {
      case 'opened':
        this.#events.opened();
        break;
      case 'resized':
        this.#resized(message, message.screens);
        break;
      case 'layoutRefused':
        this.#monitorListener?.({ kind: 'refused', why: message.why });
        break;
      case 'drawn':
        // The canvas has it with the next frame.
        requestAnimationFrame(() => this.#finished || this.#events.drawn());
        break;
      case 'cursor':
        for (const pane of this.#panes()) pane.setCursor(message.cursor);
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
    this.#sizing = settings.sizing;
    for (const pane of this.#panes()) pane.setSizing(settings.sizing);
    this.#wish();
    this.#sound = settings.sound;
    if (this.#audible) this.#speaker.turn(settings.sound);
  }

  /** Whether the desktop has a loudspeaker that can be heard here. */
  get audible(): boolean {
    return this.#audible;
  }

  /** Whether dragging moves a picture that is larger than the window. */
  dragWith(on: boolean): void {
    for (const pane of this.#panes()) pane.dragWith(on);
  }

  focus(): void {
    this.#main.focus();
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
    return this.#main.copyTo(still);
  }

  /** Whether the desktop may have other monitors from here. */
  get divisible(): boolean {
    return !this.#viewOnly;
  }

  /** From now on the desktop should have these monitors beside its first one, in this order. */
  setMonitors(places: readonly MonitorPlace[]): void {
    if (this.#finished || this.#viewOnly) return;
    for (const [id, { pane }] of this.#others) {
      if (places.some((place) => place.id === id)) continue;
      this.#others.delete(id);
      this.#engine.tell({ kind: 'removeScreen', id });
      pane.remove();
    }
    for (const { id, place, still } of places) {
      if (this.#others.has(id)) continue;
      if (this.#screens.length === 1) this.#alone ??= this.#picture;
      const pane = this.#pane(place);
      this.#others.set(id, { pane, still });
      this.#engine.addScreen(id, pane.canvas);
    }
    this.#expose();
    this.#wish();
  }

  /** Tells which other monitors the desktop has, now and whenever that changes, and when it can't have those it should. */
  watchMonitors(listener: (event: MonitorEvent) => void): void {
    this.#monitorListener = listener;
    this.#tellMonitors();
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
    this.#speaker.close();
    this.#engine.end();
    this.#main.remove();
    for (const { pane, still } of this.#others.values()) {
      if (pane.copyTo(still)) still.setAttribute('data-filled', 'true');
      pane.remove();
    }
  }

  #panes(): readonly Pane[] {
    return [this.#main, ...[...this.#others.values()].map(({ pane }) => pane)];
  }

  #resized(picture: Size, screens: readonly ScreenArea[]): void {
    this.#picture = picture;
    this.#screens = screens;
    this.#expose();
    this.#tellMonitors();
    // Whose monitors these were has left.
    if (screens.length > 1 && this.#others.size === 0) this.#wish();
  }

  /** Each pane shows its part, as on the engine's side. */
  #expose(): void {
    const [first] = this.#screens;
    const divided = this.#screens.length > 1;
    const { width, height } = this.#picture;
    this.#main.show(divided && this.#others.size > 0 && first ? first : { x: 0, y: 0, width, height });
    for (const [id, { pane, still }] of this.#others) {
      const area = divided ? this.#screens.find((screen) => screen.id === id) : undefined;
      if (area === undefined) continue;
      pane.show(area);
      still.setAttribute('data-filled', 'false');
    }
  }

  #tellMonitors(): void {
    const ids = this.#screens.length > 1 ? this.#screens.map(({ id }) => id) : [];
    this.#monitorListener?.({ kind: 'shown', ids });
  }

  /** Tells the desktop which monitors it should have. */
  #wish(): void {
    if (this.#screens.length > 1 && this.#others.size === 0) this.#alone ??= this.#screens[0];
    if (!this.#viewOnly && !this.#finished) this.#engine.tell({ kind: 'layout', screens: this.#wantedScreens() });
  }

  #wantedScreens(): readonly WantedScreen[] | undefined {
    const room = this.#main.room();
    if (this.#others.size > 0) {
      return [wanted(0, room), ...[...this.#others].map(([id, { pane }]) => wanted(id, pane.room()))];
    }
    if (this.#sizing === 'resize') return [{ id: 0, ...room }];
    return this.#alone && [{ id: 0, width: this.#alone.width, height: this.#alone.height }];
  }
}
