export interface PointerSink {
  /** Bits of buttons as in RFB: 0 left, 1 middle, 2 right, 3–6 wheel up, down, left, right, 7 back, 8 forward. */
  pointer(buttons: number, x: number, y: number): void;
}

export interface Spot {
  x: number;
  y: number;
}

export const LEFT = 1;
export const MIDDLE = 2;
export const RIGHT = 4;
export const WHEEL = { up: 8, down: 16, left: 32, right: 64 } as const;

/** The bits of MouseEvent.buttons (UI Events), in their order, as RFB has them. */
const BUTTONS = [LEFT, RIGHT, MIDDLE, 128, 256];

/** A turn of the wheel by this many CSS pixels is one step of RFB's; pads and fine wheels tell less at a time. */
const WHEEL_STEP = 50;
const LINE_HEIGHT = 19;

export function buttonsOf(buttons: number): number {
  return BUTTONS.reduce((mask, bit, i) => ((buttons >> i) & 1 ? mask | bit : mask), 0);
}

/** Sums up turns of the wheel until they are worth a step. */
export class Wheel {
  #x = 0;
  #y = 0;

  /** The buttons to press and release for this event. */
  turn({ deltaX, deltaY, deltaMode }: Pick<WheelEvent, 'deltaX' | 'deltaY' | 'deltaMode'>): number[] {
    const scale = deltaMode === 0 ? 1 : LINE_HEIGHT;
    this.#x += deltaX * scale;
    this.#y += deltaY * scale;
    const steps: number[] = [];
    if (Math.abs(this.#x) >= WHEEL_STEP) {
      steps.push(this.#x < 0 ? WHEEL.left : WHEEL.right);
      this.#x = 0;
    }
    if (Math.abs(this.#y) >= WHEEL_STEP) {
      steps.push(this.#y < 0 ? WHEEL.up : WHEEL.down);
      this.#y = 0;
    }
    return steps;
  }
}
