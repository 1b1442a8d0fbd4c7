import { JitterBuffer } from './jitterBuffer';

// What TypeScript's library for pages leaves out of the worklet's scope (Web Audio §1.32).
declare const sampleRate: number;
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}
declare function registerProcessor(name: string, processor: new () => AudioWorkletProcessor): void;

/** Plays what comes by a port, which comes by this node's port. Runs on the browser's thread for sound. */
class Player extends AudioWorkletProcessor {
  readonly #buffer = new JitterBuffer(sampleRate);

  constructor() {
    super();
    this.port.onmessage = ({ ports }: MessageEvent<unknown>) => {
      const [source] = ports;
      if (source === undefined) return;
      source.onmessage = ({ data }: MessageEvent<unknown>) => {
        if (data instanceof Uint8Array) this.#buffer.put(data);
        else if (data === 'end') this.#buffer.end();
      };
    };
  }

  process(_inputs: unknown, outputs: readonly (readonly Float32Array[])[]): boolean {
    const [left, right] = outputs[0] ?? [];
    if (left !== undefined && right !== undefined) this.#buffer.take(left, right);
    return true;
  }
}

registerProcessor('oriel-player', Player);
