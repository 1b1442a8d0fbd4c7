import type { Area, Pending } from './surface';

const RESET_CONTEXT = 1;
const RESET_ALL = 2;
/** rfbproto "Open H.264 Encoding": a client keeps at least 64. */
const MOST_FILMS = 64;
/** A picture that the decoder keeps to itself is given up: what comes after must not wait for it. */
const PATIENCE_MS = 2_000;

// Kinds of NAL units (ITU-T H.264 table 7-1).
const IDR_SLICE = 5;
const SEQUENCE_PARAMETERS = 7;

/** Whether this browser decodes what OpenH264 makes: baseline profile, level 4.2. */
export async function canDecodeFilms(): Promise<boolean> {
  if (typeof VideoDecoder === 'undefined') return false;
  try {
    const { supported } = await VideoDecoder.isConfigSupported({
      codec: 'avc1.42c02a',
      codedWidth: 1920,
      codedHeight: 1080,
      optimizeForLatency: true,
    });
    return supported === true;
  } catch {
    return false;
  }
}

/** What a picture's data say about it (H.264 annex B: units behind start codes). */
export function inspect(data: Uint8Array): { key: boolean; codec: string | undefined } {
  let key = false;
  let codec: string | undefined;
  for (let at = 2; at + 1 < data.length; at++) {
    if (data[at] !== 1 || data[at - 1] !== 0 || data[at - 2] !== 0) continue;
    const kind = (data[at + 1] ?? 0) & 0x1f;
    if (kind === IDR_SLICE) key = true;
    if (kind === SEQUENCE_PARAMETERS && at + 4 < data.length) {
      const hex = [2, 3, 4].map((offset) => (data[at + offset] ?? 0).toString(16).padStart(2, '0'));
      codec = `avc1.${hex.join('')}`;
    }
  }
  return { key, codec };
}

/** One area's film. */
class Film {
  #decoder: VideoDecoder | undefined;
  #time = 0;
  readonly #waiting = new Map<number, (frame: VideoFrame | undefined) => void>();

  decode(data: Uint8Array<ArrayBuffer>): Pending {
    const { key, codec } = inspect(data);
    if (codec !== undefined && key) this.#configure(codec);
    const decoder = this.#decoder;
    if (decoder?.state !== 'configured') return Promise.resolve(undefined);
    const timestamp = ++this.#time;
    const decoded = new Promise<VideoFrame | undefined>((resolve) => {
      const patience = setTimeout(() => this.#settle(timestamp, undefined), PATIENCE_MS);
      this.#waiting.set(timestamp, (frame) => {
        clearTimeout(patience);
        resolve(frame);
      });
    });
    try {
      decoder.decode(new EncodedVideoChunk({ timestamp, type: key ? 'key' : 'delta', data }));
    } catch {
      // Nothing can be shown before the next key picture; the server sends one with the next film.
      this.#settle(timestamp, undefined);
    }
    return decoded;
  }

  #configure(codec: string): void {
    if (this.#decoder === undefined || this.#decoder.state === 'closed') {
      this.#decoder = new VideoDecoder({
        output: (frame) => this.#settle(frame.timestamp, frame),
        error: () => this.#giveUp(),
      });
    }
    this.#decoder.configure({ codec, optimizeForLatency: true });
  }

  #settle(timestamp: number, frame: VideoFrame | undefined): void {
    const resolve = this.#waiting.get(timestamp);
    this.#waiting.delete(timestamp);
    if (resolve === undefined) frame?.close();
    else resolve(frame);
  }

  #giveUp(): void {
    for (const timestamp of [...this.#waiting.keys()]) this.#settle(timestamp, undefined);
  }

  close(): void {
    if (this.#decoder?.state !== 'closed') this.#decoder?.close();
    this.#giveUp();
  }
}

/** Decodes H.264 rectangles (rfbproto "Open H.264 Encoding"): each area is a film of its own. */
export class FilmDecoder {
  readonly #films = new Map<string, Film>();
  #ended: Film[] = [];

  decode(area: Area, flags: number, data: Uint8Array<ArrayBuffer>): Pending {
    const name = [area.x, area.y, area.width, area.height].join();
    if (flags & RESET_ALL) this.#end([...this.#films.keys()]);
    else if (flags & RESET_CONTEXT) this.#end([name]);
    if (data.length === 0) return Promise.resolve(undefined);
    let film = this.#films.get(name);
    if (film === undefined) {
      film = new Film();
    } else {
      this.#films.delete(name);
    }
    // The map's order is that of their last pictures.
    this.#films.set(name, film);
    if (this.#films.size > MOST_FILMS) this.#end([...this.#films.keys()].slice(0, 1));
    return film.decode(data);
  }

  /** Pictures of a film that was reset may still be in its decoder: it is closed a film later. */
  #end(names: string[]): void {
    for (const film of this.#ended) film.close();
    this.#ended = names.flatMap((name) => this.#films.get(name) ?? []);
    for (const name of names) this.#films.delete(name);
  }

  close(): void {
    this.#end([...this.#films.keys()]);
    this.#end([]);
  }
}
