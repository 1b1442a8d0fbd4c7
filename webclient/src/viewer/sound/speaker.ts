import playerUrl from './player?worker&url';

/** displayd's greatest rate. */
const HERTZ = 48_000;

/**
 * Plays what a desktop plays. Browsers let a page be heard only after somebody has done something with it: until then
 * nothing is asked for.
 */
export class Speaker {
  readonly #listen: (port: MessagePort, hertz: number) => void;
  readonly #mute: () => void;
  #context: AudioContext | undefined;
  #on = false;
  #closed = false;

  /**
   * @param listen asks for sound, of so many samples a second, at a port
   * @param mute asks for no more of it
   */
  constructor(listen: (port: MessagePort, hertz: number) => void, mute: () => void) {
    this.#listen = listen;
    this.#mute = mute;
  }

  /** Turns it on or off. */
  turn(on: boolean): void {
    if (on === this.#on || this.#closed) return;
    this.#on = on;
    if (on) void this.#start();
    else this.#stop();
  }

  /** Somebody did something: from now on the page may be heard. */
  acted(): void {
    if (this.#context?.state === 'suspended') void this.#context.resume().catch(() => undefined);
  }

  close(): void {
    this.turn(false);
    this.#closed = true;
  }

  async #start(): Promise<void> {
    const context = new AudioContext({ sampleRate: HERTZ, latencyHint: 'interactive' });
    this.#context = context;
    try {
      await context.audioWorklet.addModule(playerUrl);
      await running(context);
    } catch {
      // No loudspeaker, or a browser without worklets: the desktop works without.
      return;
    }
    if (this.#context !== context) return;
    const player = new AudioWorkletNode(context, 'oriel-player', { numberOfInputs: 0, outputChannelCount: [2] });
    player.connect(context.destination);
    const { port1, port2 } = new MessageChannel();
    player.port.postMessage(undefined, [port1]);
    this.#listen(port2, context.sampleRate);
  }

  #stop(): void {
    const context = this.#context;
    this.#context = undefined;
    this.#mute();
    if (context !== undefined && context.state !== 'closed') void context.close().catch(() => undefined);
  }
}

/** Waits until a context may be heard; rejects if it is closed before. */
function running(context: AudioContext): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = (): void => {
      if (context.state === 'running') resolve();
      else if (context.state === 'closed') reject(new Error('closed'));
    };
    context.addEventListener('statechange', look);
    look();
  });
}
