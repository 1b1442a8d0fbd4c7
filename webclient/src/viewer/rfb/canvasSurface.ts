import type { Area, Pending, Surface } from './surface';

type Canvas = OffscreenCanvas | HTMLCanvasElement;
type Context = OffscreenCanvasRenderingContext2D | CanvasRenderingContext2D;

function contextOf(canvas: Canvas): Context {
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('this browser has no canvas to draw on');
  return context;
}

/**
 * A surface on a canvas. Updates are drawn on a canvas behind it, of which `show` copies what changed: nobody sees half of
 * an update. Where a picture is still being decoded, all that comes after it waits in line.
 */
export class CanvasSurface implements Surface {
  readonly #front: Canvas;
  readonly #frontContext: Context;
  readonly #newCanvas: (width: number, height: number) => Canvas;
  #back: Canvas;
  #context: Context;
  #changed: { left: number; top: number; right: number; bottom: number } | undefined;
  readonly #line: (() => void | Promise<void>)[] = [];
  #waiting = false;
  #closed = false;

  constructor(front: Canvas, newCanvas: (width: number, height: number) => Canvas) {
    this.#front = front;
    this.#frontContext = contextOf(front);
    this.#newCanvas = newCanvas;
    this.#back = newCanvas(1, 1);
    this.#context = contextOf(this.#back);
  }

  resize(width: number, height: number): void {
    this.#inLine(() => {
      const old = this.#back;
      this.#back = this.#newCanvas(width, height);
      this.#context = contextOf(this.#back);
      this.#context.drawImage(old, 0, 0);
      this.#front.width = width;
      this.#front.height = height;
      this.#frontContext.drawImage(old, 0, 0);
      this.#changed = undefined;
    });
  }

  fill(area: Area, red: number, green: number, blue: number): void {
    this.#inLine(() => {
      this.#context.fillStyle = `rgb(${red} ${green} ${blue})`;
      this.#context.fillRect(area.x, area.y, area.width, area.height);
      this.#touch(area);
    });
  }

  pixels(area: Area, rgba: Uint8ClampedArray<ArrayBuffer>): void {
    // Drawn at once the bytes are safe; in line they would be overwritten.
    const kept = this.#waiting ? rgba.slice() : rgba;
    this.#inLine(() => {
      this.#context.putImageData(new ImageData(kept, area.width, area.height), area.x, area.y);
      this.#touch(area);
    });
  }

  copy(area: Area, fromX: number, fromY: number): void {
    this.#inLine(() => {
      const { x, y, width, height } = area;
      // A canvas drawn on itself is copied as if by way of another (HTML, drawImage).
      this.#context.drawImage(this.#back, fromX, fromY, width, height, x, y, width, height);
      this.#touch(area);
    });
  }

  picture(area: Area, pending: Pending): void {
    const settled = pending.catch(() => undefined);
    this.#inLine(async () => {
      const picture = await settled;
      if (picture === undefined) return;
      if (!this.#closed) {
        this.#context.drawImage(picture, area.x, area.y, area.width, area.height);
        this.#touch(area);
      }
      picture.close();
    });
  }

  show(): void {
    this.#inLine(() => {
      const changed = this.#changed;
      if (changed === undefined) return;
      this.#changed = undefined;
      const width = changed.right - changed.left;
      const height = changed.bottom - changed.top;
      const { left, top } = changed;
      this.#frontContext.drawImage(this.#back, left, top, width, height, left, top, width, height);
    });
  }

  after(run: () => void): void {
    this.#inLine(run);
  }

  /** The colour that is shown at a place: R, G, B. */
  colour(x: number, y: number): readonly number[] {
    return [...this.#frontContext.getImageData(x, y, 1, 1).data.subarray(0, 3)];
  }

  close(): void {
    this.#closed = true;
  }

  #touch({ x, y, width, height }: Area): void {
    const changed = (this.#changed ??= { left: x, top: y, right: x, bottom: y });
    changed.left = Math.min(changed.left, x);
    changed.top = Math.min(changed.top, y);
    changed.right = Math.max(changed.right, x + width);
    changed.bottom = Math.max(changed.bottom, y + height);
  }

  #inLine(draw: () => void | Promise<void>): void {
    if (this.#waiting) {
      this.#line.push(draw);
      return;
    }
    const drawn = draw();
    if (drawn !== undefined) {
      this.#waiting = true;
      void this.#goOn(drawn);
    }
  }

  async #goOn(first: Promise<void>): Promise<void> {
    await first;
    for (let next = this.#line.shift(); next !== undefined; next = this.#line.shift()) {
      const drawn = next();
      if (drawn !== undefined) await drawn;
    }
    this.#waiting = false;
  }
}
