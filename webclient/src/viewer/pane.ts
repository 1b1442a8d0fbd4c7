import { CursorView } from './input/cursorView';
import { Gestures } from './input/gestures';
import type { Keyboard } from './input/keyboard';
import { buttonsOf, Wheel, type Spot } from './input/pointer';
import type { CursorImage } from './rfb/cursor';
import type { Area } from './rfb/surface';
import type { Sizing } from './settings';
import { Viewport, type Size } from './viewport';

/** Who hears what a person does on a pane. */
export interface PaneSink {
  /** @param at in pixels of the whole picture */
  pointer: (buttons: number, at: Spot) => void;
  /** The pane's place has another size, and will keep it for a while. */
  settled: () => void;
  /** While on, turns of the wheel mean "larger" and "smaller". */
  zoom: (on: boolean) => void;
}

type PointerKind = 'pointerdown' | 'pointermove' | 'pointerup' | 'pointercancel';
const POINTER_KINDS: readonly PointerKind[] = ['pointerdown', 'pointermove', 'pointerup', 'pointercancel'];

/** One monitor's canvas in a window of this page or of its own, with the mouse, fingers and keys that are used on it. */
export class Pane {
  readonly canvas: HTMLCanvasElement;
  readonly #view: Window;
  readonly #sink: PaneSink;
  readonly #viewport: Viewport;
  readonly #cursor: CursorView | undefined;
  readonly #gestures: Gestures;
  readonly #wheel = new Wheel();
  readonly #off = new AbortController();
  /** What it shows of the whole picture. */
  #area: Area = { x: 0, y: 0, width: 0, height: 0 };
  /** Whether dragging moves the picture. */
  #panning = false;
  #panned: Spot | undefined;

  /** @param keyboard undefined for somebody who only watches */
  constructor(place: HTMLElement, keyboard: Keyboard | undefined, sink: PaneSink) {
    const page = place.ownerDocument;
    this.#view = page.defaultView ?? window;
    this.#sink = sink;
    this.canvas = page.createElement('canvas');
    this.canvas.tabIndex = -1;
    this.canvas.className = 'oriel-viewer__canvas';
    place.append(this.canvas);
    this.#cursor = keyboard && new CursorView(this.canvas);
    this.#viewport = new Viewport(place, this.canvas, sink.settled);
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
      zoom: sink.zoom,
    });
    if (keyboard) this.#listen(keyboard);
    else this.#listenForPans();
  }

  /** From now on it shows this of the picture. */
  show(area: Area): void {
    this.#area = area;
    this.#viewport.setPicture(area);
  }

  setSizing(sizing: Sizing): void {
    this.#viewport.setSizing(sizing);
  }

  setCursor(cursor: CursorImage | undefined): void {
    this.#cursor?.set(cursor);
  }

  /** The size of its place. */
  room(): Size {
    return this.#viewport.room();
  }

  /** Whether dragging moves a picture that is larger than the window. */
  dragWith(on: boolean): void {
    this.#panning = on;
  }

  focus(): void {
    this.canvas.focus({ preventScroll: true });
  }

  /** Copies what is on the screen now, for the dimmed picture behind "Reconnecting…". */
  copyTo(still: HTMLCanvasElement): boolean {
    const { width, height } = this.canvas;
    if (width === 0 || height === 0) return false;
    still.width = width;
    still.height = height;
    still.getContext('2d')?.drawImage(this.canvas, 0, 0);
    return true;
  }

  remove(): void {
    this.#off.abort();
    this.#gestures.cancel();
    this.#viewport.close();
    this.#cursor?.remove();
    this.canvas.remove();
  }

  #point(at: Spot, buttons: number): void {
    const { x, y } = this.#viewport.at(at);
    this.#sink.pointer(buttons, { x: x + this.#area.x, y: y + this.#area.y });
  }

  #listen(keyboard: Keyboard): void {
    const { canvas } = this;
    const { signal } = this.#off;
    canvas.addEventListener('keydown', (event) => keyboard.press(event), { signal });
    canvas.addEventListener('keyup', (event) => keyboard.release(event), { signal });
    this.#view.addEventListener('blur', () => keyboard.releaseAll(), { signal });
    canvas.addEventListener('contextmenu', (event) => event.preventDefault(), { signal });
    canvas.addEventListener('wheel', (event) => this.#turn(event), { signal, passive: false });
    for (const kind of POINTER_KINDS) {
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
    for (const kind of POINTER_KINDS) {
      this.canvas.addEventListener(kind, (event) => this.#panning && this.#pan(kind, event), { signal });
    }
  }

  #pointed(kind: PointerKind, event: PointerEvent): void {
    event.preventDefault();
    if (kind === 'pointerdown') {
      this.focus();
      this.canvas.setPointerCapture(event.pointerId);
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

  #touched(kind: PointerKind, event: PointerEvent, at: Spot): void {
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

  #pan(kind: PointerKind, event: PointerEvent): void {
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
