import type { Spot } from './input/pointer';
import type { Sizing } from './settings';

export interface Size {
  width: number;
  height: number;
}

/** A window is often dragged to its size: the desktop follows when it is there. */
const SETTLED_MS = 400;
/** Smaller than this no desktop works. */
const LEAST: Size = { width: 320, height: 200 };

/** Fits a canvas into its place in a window, and knows which of its pixels is where. */
export class Viewport {
  readonly #place: HTMLElement;
  readonly #canvas: HTMLCanvasElement;
  readonly #settled: () => void;
  readonly #observer: ResizeObserver;
  #sizing: Sizing = 'scale';
  #picture: Size = { width: 0, height: 0 };
  #offset: Spot = { x: 0, y: 0 };
  #settling: ReturnType<typeof setTimeout> | undefined;

  /** @param settled the place has another size, and will keep it for a while */
  constructor(place: HTMLElement, canvas: HTMLCanvasElement, settled: () => void) {
    this.#place = place;
    this.#canvas = canvas;
    this.#settled = settled;
    // That of the window the place is in: another window's may sleep.
    const { ResizeObserver: Observer } = (place.ownerDocument.defaultView ?? window) as typeof globalThis;
    this.#observer = new Observer(() => {
      this.#fit();
      clearTimeout(this.#settling);
      this.#settling = setTimeout(this.#settled, SETTLED_MS);
    });
    this.#observer.observe(place);
  }

  setSizing(sizing: Sizing): void {
    if (sizing === this.#sizing) return;
    this.#sizing = sizing;
    this.#fit();
  }

  setPicture(picture: Size): void {
    this.#picture = picture;
    this.#fit();
  }

  /** The size of its place. */
  room(): Size {
    const { clientWidth, clientHeight } = this.#place;
    return { width: Math.max(LEAST.width, clientWidth), height: Math.max(LEAST.height, clientHeight) };
  }

  /** Moves a picture that is larger than its place. */
  pan(dx: number, dy: number): void {
    this.#offset = { x: this.#offset.x + dx, y: this.#offset.y + dy };
    this.#fit();
  }

  /** The pixel of the picture at a spot of the window. */
  at({ x, y }: Spot): Spot {
    const box = this.#canvas.getBoundingClientRect();
    if (box.width === 0 || box.height === 0) return { x: 0, y: 0 };
    return {
      x: ((x - box.left) * this.#picture.width) / box.width,
      y: ((y - box.top) * this.#picture.height) / box.height,
    };
  }

  close(): void {
    clearTimeout(this.#settling);
    this.#observer.disconnect();
  }

  #fit(): void {
    const { width, height } = this.#picture;
    const { clientWidth, clientHeight } = this.#place;
    if (width === 0 || height === 0 || clientWidth === 0 || clientHeight === 0) return;
    const scale = this.#sizing === 'actual' ? 1 : Math.min(clientWidth / width, clientHeight / height);
    // What is smaller than its place is in the middle; what is larger has no gap at its edges.
    const keep = (offset: number, room: number): number => (room >= 0 ? 0 : Math.max(room / 2, Math.min(-room / 2, offset)));
    this.#offset = {
      x: keep(this.#offset.x, clientWidth - width * scale),
      y: keep(this.#offset.y, clientHeight - height * scale),
    };
    const { style } = this.#canvas;
    style.width = `${width * scale}px`;
    style.height = `${height * scale}px`;
    style.left = `${Math.round((clientWidth - width * scale) / 2 + this.#offset.x)}px`;
    style.top = `${Math.round((clientHeight - height * scale) / 2 + this.#offset.y)}px`;
  }
}
