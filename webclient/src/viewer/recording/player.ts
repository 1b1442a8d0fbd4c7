import type { Chunk, Recording } from './recording';

/** Draws what it is fed. */
export interface Picture {
  feed: (bytes: Uint8Array<ArrayBuffer>) => void;
  close: () => void;
}

export interface Progress {
  /** Milliseconds since the recording's start. */
  at: number;
  playing: boolean;
  loading: boolean;
}

/** For so long the picture before stays under the new one, which takes a moment to be drawn. */
const OVERLAP_MS = 400;

/** Plays a recording: keeps the time, fetches segments and feeds them to a picture. */
export class Player {
  #at = 0;
  #playing = false;
  #speed = 1;
  #segment = -1;
  #chunks: Chunk[] = [];
  #fed = 0;
  #picture: Picture | undefined;
  #before: Picture | undefined;
  #loading = false;
  #failed = false;
  #closed = false;
  #last = 0;
  #frame = 0;
  #overlap: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly recording: Recording,
    private readonly newPicture: () => Picture,
    private readonly tell: (progress: Progress) => void,
    private readonly fail: (error: unknown) => void,
  ) {
    this.#show();
  }

  play(): void {
    if (this.#at >= this.recording.duration) this.seek(0);
    this.#playing = true;
    this.#last = performance.now();
    this.#schedule();
    this.#say();
  }

  pause(): void {
    this.#playing = false;
    cancelAnimationFrame(this.#frame);
    this.#say();
  }

  seek(at: number): void {
    this.#at = Math.min(Math.max(0, at), this.recording.duration);
    this.#show();
  }

  speed(factor: number): void {
    this.#speed = factor;
  }

  close(): void {
    this.#closed = true;
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#overlap);
    this.#picture?.close();
    this.#before?.close();
  }

  #schedule(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame((now) => this.#tick(now));
  }

  #tick(now: number): void {
    if (this.#closed || !this.#playing) return;
    // While a segment is fetched, time stands still.
    if (!this.#loading) this.#at = Math.min(this.recording.duration, this.#at + (now - this.#last) * this.#speed);
    this.#last = now;
    this.#show();
    if (this.#at >= this.recording.duration && !this.#loading) this.pause();
    else this.#schedule();
  }

  #say(): void {
    this.tell({ at: this.#at, playing: this.#playing, loading: this.#loading });
  }

  /** Brings the picture to the present moment, as far as its bytes are here. */
  #show(): void {
    const wanted = this.recording.segmentAt(this.#at);
    if (wanted !== this.#segment) void this.#load(wanted);
    else if (!this.#loading) this.#feed();
    this.#say();
  }

  async #load(segment: number): Promise<void> {
    if (this.#failed) return;
    this.#segment = segment;
    this.#loading = true;
    let chunks: Chunk[];
    try {
      chunks = await this.recording.chunks(segment);
    } catch (error) {
      this.#failed = true;
      this.pause();
      this.fail(error);
      return;
    }
    // Somebody may have gone on to another one, or away.
    if (segment !== this.#segment || this.#closed) return;
    this.#chunks = chunks;
    this.#begin();
    this.#loading = false;
    this.#last = performance.now();
    this.#feed();
    this.#say();
  }

  /** Starts the segment's picture over. */
  #begin(): void {
    this.#before?.close();
    this.#before = this.#picture;
    this.#picture = this.newPicture();
    this.#fed = 0;
    clearTimeout(this.#overlap);
    this.#overlap = setTimeout(() => {
      this.#before?.close();
      this.#before = undefined;
    }, OVERLAP_MS);
  }

  #feed(): void {
    const shown = this.#chunks[this.#fed - 1];
    if (shown !== undefined && shown.at > this.#at && this.#fed > 1) this.#begin(); // back within the segment
    for (let next = this.#chunks[this.#fed]; next !== undefined; next = this.#chunks[this.#fed]) {
      if (next.at > this.#at && this.#fed > 0) break;
      this.#picture?.feed(next.bytes);
      this.#fed++;
    }
  }
}
