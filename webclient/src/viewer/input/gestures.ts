import { LEFT, MIDDLE, RIGHT, WHEEL, type Spot } from './pointer';

/** What fingers do with the desktop. Spots are in CSS pixels of the window. */
export interface GestureSink {
  move(at: Spot, buttons: number): void;
  /** Presses and releases. */
  click(at: Spot, buttons: number): void;
  /** The picture is larger than the window and is to be moved, instead of something on it. */
  pans(): boolean;
  pan(dx: number, dy: number): void;
  /** While on, turns of the wheel mean "larger" and "smaller". */
  zoom(on: boolean): void;
}

/** So far a finger moves before it is meant. */
const MOVED = 12;
/** A finger that rests so long asks for the context menu. */
const LONG_PRESS_MS = 700;
/** Fingers that come and go within this time are a tap. */
const TAP_MS = 700;
/** Two taps this near and this soon after one another are a double click: at the same spot. */
const DOUBLE_TAP_MS = 800;
const DOUBLE_TAP_DISTANCE = 50;
/** So far two fingers go for a step of the wheel. */
const SCROLL_STEP = 40;
const ZOOM_STEP = 60;

interface Finger {
  start: Spot;
  now: Spot;
}

type State = 'none' | 'undecided' | 'dragging' | 'holding' | 'panning' | 'scrolling' | 'zooming' | 'over';

const distance = (a: Spot, b: Spot): number => Math.hypot(a.x - b.x, a.y - b.y);
const middle = (spots: readonly Spot[]): Spot => ({
  x: spots.reduce((sum, { x }) => sum + x, 0) / spots.length,
  y: spots.reduce((sum, { y }) => sum + y, 0) / spots.length,
});

/**
 * Fingers as a mouse: a tap clicks, two or three fingers click with the right or middle button, a finger drags, one that
 * rests holds the right button, two scroll or zoom.
 */
export class Gestures {
  readonly #sink: GestureSink;
  readonly #fingers = new Map<number, Finger>();
  #state: State = 'none';
  #most = 0;
  #startedAt = 0;
  #longPress: ReturnType<typeof setTimeout> | undefined;
  #lastTap: { at: Spot; time: number; buttons: number } | undefined;
  #spread = 0;
  #scrolled: Spot = { x: 0, y: 0 };

  constructor(sink: GestureSink) {
    this.#sink = sink;
  }

  down(id: number, at: Spot, time: number): void {
    if (this.#fingers.size === 0) {
      this.#state = 'undecided';
      this.#most = 0;
      this.#startedAt = time;
      this.#longPress = setTimeout(() => this.#rested(), LONG_PRESS_MS);
    }
    this.#fingers.set(id, { start: at, now: at });
    this.#most = Math.max(this.#most, this.#fingers.size);
    if (this.#most > 1) clearTimeout(this.#longPress);
  }

  move(id: number, at: Spot): void {
    const finger = this.#fingers.get(id);
    if (finger === undefined) return;
    const before = finger.now;
    finger.now = at;
    if (this.#state === 'undecided') this.#decide();
    switch (this.#state) {
      case 'dragging':
        this.#sink.move(at, LEFT);
        break;
      case 'holding':
        this.#sink.move(at, RIGHT);
        break;
      case 'panning':
        this.#sink.pan(at.x - before.x, at.y - before.y);
        break;
      case 'scrolling':
        this.#scroll();
        break;
      case 'zooming':
        this.#zoom();
        break;
      default:
    }
  }

  up(id: number, time: number): void {
    const finger = this.#fingers.get(id);
    if (finger === undefined) return;
    this.#fingers.delete(id);
    if (this.#fingers.size > 0) {
      if (this.#state !== 'undecided') this.#finish(finger.now);
      return;
    }
    clearTimeout(this.#longPress);
    if (this.#state === 'undecided' && time - this.#startedAt <= TAP_MS) this.#tap(finger.start, time);
    else this.#finish(finger.now);
    this.#state = 'none';
  }

  /** The browser took the fingers away. */
  cancel(): void {
    clearTimeout(this.#longPress);
    const [finger] = this.#fingers.values();
    if (finger) this.#finish(finger.now);
    this.#fingers.clear();
    this.#state = 'none';
  }

  #decide(): void {
    const fingers = [...this.#fingers.values()];
    const [first, second] = fingers;
    if (first === undefined || !fingers.some(({ start, now }) => distance(start, now) > MOVED)) return;
    clearTimeout(this.#longPress);
    if (this.#most === 1) {
      if (this.#sink.pans()) {
        this.#state = 'panning';
      } else {
        this.#state = 'dragging';
        this.#sink.move(first.start, LEFT);
      }
    } else if (second === undefined || this.#most > 2) {
      this.#state = 'over';
    } else {
      const spread = distance(first.now, second.now) - distance(first.start, second.start);
      const start = middle([first.start, second.start]);
      const travel = distance(middle([first.now, second.now]), start);
      this.#sink.move(start, 0);
      this.#scrolled = start;
      this.#spread = distance(first.start, second.start);
      this.#state = Math.abs(spread) > travel ? 'zooming' : 'scrolling';
      if (this.#state === 'zooming') this.#sink.zoom(true);
    }
  }

  #rested(): void {
    const [finger] = this.#fingers.values();
    if (finger === undefined || this.#state !== 'undecided') return;
    this.#state = 'holding';
    this.#sink.move(finger.now, 0);
    this.#sink.move(finger.now, RIGHT);
  }

  #tap(at: Spot, time: number): void {
    const buttons = this.#most === 1 ? LEFT : this.#most === 2 ? RIGHT : MIDDLE;
    const last = this.#lastTap;
    const again =
      last?.buttons === buttons && time - last.time < DOUBLE_TAP_MS && distance(last.at, at) < DOUBLE_TAP_DISTANCE;
    const spot = again ? last.at : at;
    this.#lastTap = { at: spot, time, buttons };
    this.#sink.click(spot, buttons);
  }

  #scroll(): void {
    const fingers = [...this.#fingers.values()];
    if (fingers.length < 2) return;
    const now = middle(fingers.map((finger) => finger.now));
    const start = middle(fingers.map((finger) => finger.start));
    for (const axis of ['y', 'x'] as const) {
      while (Math.abs(now[axis] - this.#scrolled[axis]) > SCROLL_STEP) {
        const forward = now[axis] > this.#scrolled[axis];
        this.#scrolled = { ...this.#scrolled, [axis]: this.#scrolled[axis] + (forward ? SCROLL_STEP : -SCROLL_STEP) };
        const turn = axis === 'y' ? (forward ? WHEEL.up : WHEEL.down) : forward ? WHEEL.left : WHEEL.right;
        this.#sink.click(start, turn);
      }
    }
  }

  #zoom(): void {
    const [first, second] = [...this.#fingers.values()];
    if (first === undefined || second === undefined) return;
    const spread = distance(first.now, second.now);
    const at = middle([first.start, second.start]);
    while (Math.abs(spread - this.#spread) > ZOOM_STEP) {
      const larger = spread > this.#spread;
      this.#spread += larger ? ZOOM_STEP : -ZOOM_STEP;
      this.#sink.click(at, larger ? WHEEL.up : WHEEL.down);
    }
  }

  #finish(at: Spot): void {
    if (this.#state === 'dragging' || this.#state === 'holding') this.#sink.move(at, 0);
    if (this.#state === 'zooming') this.#sink.zoom(false);
    this.#state = 'over';
  }
}
