/** So much is gathered before anything is heard: the network brings it in fits and starts. */
const START_MS = 60;
/** What is older than this is dropped: sound that lags behind the picture is worse than a gap. */
const LONGEST_MS = 200;

/** Keeps stereo samples (16 bits with sign, left and right in turns) until a loudspeaker wants them. */
export class JitterBuffer {
  readonly #left: Float32Array;
  readonly #right: Float32Array;
  readonly #enough: number;
  #start = 0;
  #length = 0;
  #playing = false;

  constructor(hertz: number) {
    const capacity = Math.ceil((hertz * LONGEST_MS) / 1000);
    this.#left = new Float32Array(capacity);
    this.#right = new Float32Array(capacity);
    this.#enough = Math.ceil((hertz * START_MS) / 1000);
  }

  /** Frames that wait. */
  get length(): number {
    return this.#length;
  }

  /** Adds frames; the oldest make room. */
  put(bytes: Uint8Array): void {
    const samples = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const capacity = this.#left.length;
    for (let at = 0; at + 4 <= bytes.byteLength; at += 4) {
      if (this.#length === capacity) {
        this.#start = (this.#start + 1) % capacity;
        this.#length--;
      }
      const place = (this.#start + this.#length++) % capacity;
      this.#left[place] = samples.getInt16(at, true) / 32_768;
      this.#right[place] = samples.getInt16(at + 2, true) / 32_768;
    }
  }

  /** Nothing more comes for now: what is left is played without waiting for more. */
  end(): void {
    this.#playing = this.#length > 0;
  }

  /** Fills `left` and `right`: with silence until there is enough, and again once it ran dry. */
  take(left: Float32Array, right: Float32Array): void {
    if (!this.#playing && this.#length >= this.#enough) this.#playing = true;
    const count = this.#playing ? Math.min(left.length, this.#length) : 0;
    for (let i = 0; i < count; i++) {
      const place = (this.#start + i) % this.#left.length;
      left[i] = this.#left[place] ?? 0;
      right[i] = this.#right[place] ?? 0;
    }
    left.fill(0, count);
    right.fill(0, count);
    this.#start = (this.#start + count) % this.#left.length;
    this.#length -= count;
    if (this.#length === 0) this.#playing = false;
  }
}
