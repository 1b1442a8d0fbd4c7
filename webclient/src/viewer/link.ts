/** How the display's connection feels, as far as it can be told from its two ends' messages. */
export interface LinkState {
  /** From a key or a click to the next picture: the median of the latest ones; undefined before there are enough. */
  responseMs: number | undefined;
  /** Of the last full seconds. */
  kilobytesPerSecond: number;
  picturesPerSecond: number;
}

export type LinkRating = 'good' | 'fair' | 'poor';

/** RFC 6143 §7.5.4 and §7.5.5: the messages with which a person acts. */
const KEY_EVENT = 4;
const POINTER_EVENT = 5;
const SAMPLES = 15;
const FEWEST_SAMPLES = 3;
/** An act that changes nothing on the screen gets no answer: later pictures are not its. */
const ANSWER_WITHIN_MS = 2_000;
const WINDOW_MS = 3_000;

/** Below this nobody notices; above the second, typing feels like through treacle. */
const GOOD_MS = 120;
const FAIR_MS = 300;

export function rating({ responseMs }: Pick<LinkState, 'responseMs'>): LinkRating | undefined {
  if (responseMs === undefined) return undefined;
  return responseMs <= GOOD_MS ? 'good' : responseMs <= FAIR_MS ? 'fair' : 'poor';
}

export class LinkMeter {
  #now: () => number;
  #actedAt: number | undefined;
  #samples: number[] = [];
  #received: { at: number; bytes: number }[] = [];

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** The browser sent a message; `first` is its first byte. */
  sent(first: number | undefined): void {
    if (first === KEY_EVENT || first === POINTER_EVENT) this.#actedAt ??= this.#now();
  }

  received(bytes: number): void {
    const now = this.#now();
    if (this.#actedAt !== undefined) {
      const took = now - this.#actedAt;
      this.#actedAt = undefined;
      if (took <= ANSWER_WITHIN_MS) this.#samples = [...this.#samples.slice(1 - SAMPLES), took];
    }
    this.#received.push({ at: now, bytes });
    this.#forget(now);
  }

  state(): LinkState {
    this.#forget(this.#now());
    const sorted = [...this.#samples].sort((a, b) => a - b);
    const bytes = this.#received.reduce((sum, message) => sum + message.bytes, 0);
    return {
      responseMs: sorted.length < FEWEST_SAMPLES ? undefined : sorted[Math.floor(sorted.length / 2)],
      kilobytesPerSecond: bytes / WINDOW_MS,
      picturesPerSecond: (1000 * this.#received.length) / WINDOW_MS,
    };
  }

  #forget(now: number): void {
    const first = this.#received.findIndex((message) => message.at > now - WINDOW_MS);
    if (first !== 0) this.#received = first < 0 ? [] : this.#received.slice(first);
  }
}
