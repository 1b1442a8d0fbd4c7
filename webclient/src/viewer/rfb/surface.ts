export interface Area {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** What one monitor shows of the picture. */
export interface ScreenArea extends Area {
  /** A number by which both sides know it. */
  id: number;
}

/** A picture that takes a while to be decoded. */
export type Pending = Promise<ImageBitmap | VideoFrame | undefined>;

/** What decoders draw on. Whatever is drawn appears in the order of the calls, and at once at `show`. */
export interface Surface {
  /** Keeps what of the old picture fits the new one. `screens` are what monitors show of it; at least one. */
  resize(width: number, height: number, screens: readonly ScreenArea[]): void;
  fill(area: Area, red: number, green: number, blue: number): void;
  /** R, G, B, A bytes; the caller may reuse them afterwards. */
  pixels(area: Area, rgba: Uint8ClampedArray<ArrayBuffer>): void;
  copy(area: Area, fromX: number, fromY: number): void;
  /** Draws nothing if nothing comes of it. */
  picture(area: Area, pending: Pending): void;
  /** Ends an update: what was drawn is to be seen. */
  show(): void;
  /** Runs when everything before it has been drawn. */
  after(run: () => void): void;
}
