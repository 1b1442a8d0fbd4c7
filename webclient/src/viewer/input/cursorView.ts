import type { CursorImage } from '../rfb/cursor';
import type { Spot } from './pointer';

/** For a desktop that shows no cursor: without any, nobody finds the mouse again. */
const DOT_SIZE = 5;

function picture({ width, height, rgba }: CursorImage): string {
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  canvas.getContext('2d')?.putImageData(new ImageData(rgba, width, height), 0, 0);
  return `url(${canvas.toDataURL()})`;
}

function dot(): CursorImage {
  const rgba = new Uint8ClampedArray(4 * DOT_SIZE * DOT_SIZE);
  for (let y = 0; y < DOT_SIZE; y++) {
    for (let x = 0; x < DOT_SIZE; x++) {
      const at = 4 * (y * DOT_SIZE + x);
      const edge = x === 0 || y === 0 || x === DOT_SIZE - 1 || y === DOT_SIZE - 1;
      const corner = (x === 0 || x === DOT_SIZE - 1) && (y === 0 || y === DOT_SIZE - 1);
      rgba.fill(edge ? 0 : 255, at, at + 3);
      rgba[at + 3] = corner ? 0 : 255;
    }
  }
  const middle = (DOT_SIZE - 1) / 2;
  return { width: DOT_SIZE, height: DOT_SIZE, hotX: middle, hotY: middle, rgba };
}

/** Shows the desktop's cursor: as the browser's own over a screen, and as a picture where fingers have none. */
export class CursorView {
  readonly #over: HTMLElement;
  readonly #touch = document.createElement('div');
  #hot: Spot = { x: 0, y: 0 };

  constructor(over: HTMLElement) {
    this.#over = over;
    this.#touch.className = 'oriel-viewer__cursor';
    this.#touch.hidden = true;
    over.after(this.#touch);
    this.set(undefined);
  }

  set(cursor: CursorImage | undefined): void {
    const shown = cursor ?? dot();
    const drawn = picture(shown);
    this.#hot = { x: shown.hotX, y: shown.hotY };
    this.#over.style.cursor = `${drawn} ${shown.hotX} ${shown.hotY}, default`;
    const { style } = this.#touch;
    style.width = `${shown.width}px`;
    style.height = `${shown.height}px`;
    style.backgroundImage = drawn;
  }

  /** Where a finger put the mouse, in CSS pixels of the window. */
  touched(at: Spot): void {
    this.#touch.hidden = false;
    this.#touch.style.translate = `${at.x - this.#hot.x}px ${at.y - this.#hot.y}px`;
  }

  /** A real mouse is used: it shows the cursor itself. */
  untouched(): void {
    this.#touch.hidden = true;
  }

  remove(): void {
    this.#touch.remove();
  }
}
