import { QUALITY_LEVELS } from '../quality';
import { startEngine, type EngineHost } from '../rfb/host';

/** One segment's picture. It lies on top of those made before it in the same place, and is transparent until drawn. */
export class Decoder {
  readonly #canvas = document.createElement('canvas');
  readonly #engine: EngineHost;

  constructor(place: HTMLElement) {
    this.#canvas.className = 'oriel-recording__layer';
    place.append(this.#canvas);
    this.#engine = startEngine(this.#canvas, { quality: QUALITY_LEVELS.sharp }, () => undefined);
  }

  feed(bytes: Uint8Array<ArrayBuffer>): void {
    this.#engine.tell({ kind: 'feed', bytes });
  }

  close(): void {
    this.#engine.end();
    this.#canvas.remove();
  }
}
