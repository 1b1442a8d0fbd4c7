import type { Area, Pending, ScreenArea, Surface } from './surface';

type Canvas = OffscreenCanvas | HTMLCanvasElement;
type Context = OffscreenCanvasRenderingContext2D | CanvasRenderingContext2D;

function contextOf(canvas: Canvas): Context {
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('this browser has no canvas to draw on');
  return context;
}

/** What is seen of the picture, and where. */
interface Front {
  readonly canvas: Canvas;
  readonly context: Context;
  area: Area;
}

function frontOf(canvas: Canvas): Front {
  return { canvas, context: contextOf(canvas), area: { x: 0, y: 0, width: 0, height: 0 } };
}

/**
 * A surface on canvases: one shows the whole picture, or its first screen where others show the other ones.
 * Updates are drawn on a canvas behind them, of which `show` copies what changed: nobody sees half of an update. Where a
 * picture is still being decoded, all that comes after it waits in line.
 */
export class CanvasSurface implements Surface {
  readonly #main: Front;
  /** Of the other screens, by their numbers. */
  readonly #others = new Map<number, Front>();
  readonly #newCanvas: (width: number, height: number) => Canvas;
  #back: Canvas;
  #context: Context;
  #screens: readonly ScreenArea[] = [];
  #changed: { left: number; top: number; right: number; bottom: number } | undefined;
  readonly #line: (() => void | Promise<void>)[] = [];
  #waiting = false;
  #closed = false;

  constructor(front: Canvas, newCanvas: (width: number, height: number) => Canvas) {
    this.#main = frontOf(front);
    this.#newCanvas = newCanvas;
    this.#back = newCanvas(1, 1);
    this.#context = contextOf(this.#back);
  }

  resize(width: number, height: number, screens: readonly ScreenArea[]): void {
    this.#inLine(() => {
      if (width !== this.#back.width || height !== this.#back.height) {
        const old = this.#back;
        this.#back = this.#newCanvas(width, height);
        this.#context = contextOf(this.#back);
        this.#context.drawImage(old, 0, 0);
      }
      this.#changed = undefined;
      this.#screens = screens;
      this.#exposeMain();
      for (const [id, front] of this.#others) this.#exposeScreen(id, front);
    });
  }

  /** Shows another screen on a canvas, as soon as there is one of that number. */
  addScreen(id: number, canvas: Canvas): void {
    this.#inLine(() => {
      const front = frontOf(canvas);
      this.#others.set(id, front);
      this.#exposeMain();
      this.#exposeScreen(id, front);
    });
  }

  removeScreen(id: number): void {
    this.#inLine(() => {
      this.#others.delete(id);
      this.#exposeMain();
    });
  }

  #exposeMain(): void {
    const { width, height } = this.#back;
    const [first] = this.#screens;
    const divided = this.#others.size > 0 && this.#screens.length > 1;
    this.#expose(this.#main, divided && first ? first : { x: 0, y: 0, width, height });
  }

  /** A screen that the picture has no more keeps its last sight. */
  #exposeScreen(id: number, front: Front): void {
    this.#expose(front, this.#screens.length > 1 ? this.#screens.find((screen) => screen.id === id) : undefined);
  }

  #expose(front: Front, area: Area | undefined): void {
    front.area = area ?? { x: 0, y: 0, width: 0, height: 0 };
    if (area === undefined) return;
    const { x, y, width, height } = area;
    front.canvas.width = width;
    front.canvas.height = height;
    front.context.drawImage(this.#back, x, y, width, height, 0, 0, width, height);
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
      for (const { context, area } of [this.#main, ...this.#others.values()]) {
        const left = Math.max(changed.left, area.x);
        const top = Math.max(changed.top, area.y);
        const width = Math.min(changed.right, area.x + area.width) - left;
        const height = Math.min(changed.bottom, area.y + area.height) - top;
        if (width <= 0 || height <= 0) continue;
        context.drawImage(this.#back, left, top, width, height, left - area.x, top - area.y, width, height);
      }
    });
  }

  after(run: () => void): void {
    this.#inLine(run);
  }

  /** The colour that is shown at a place: R, G, B. */
  colour(x: number, y: number): readonly number[] {
    return [...this.#main.context.getImageData(x, y, 1, 1).data.subarray(0, 3)];
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
