import { keysymOfEvent } from './keysyms';
import { scanCodeOf } from './scanCodes';

export interface KeySink {
  key(keysym: number, scanCode: number | undefined, down: boolean): void;
}

export type Platform = 'mac' | 'windows' | 'other';

export function platform(): Platform {
  const name = navigator.userAgent;
  if (/Macintosh|iPhone|iPad/.test(name)) return 'mac';
  return name.includes('Windows') ? 'windows' : 'other';
}

const CONTROL_LEFT = 0xffe3;
const ALT_LEFT = 0xffe9;
const SUPER_LEFT = 0xffeb;
const LEVEL_3_SHIFT = 0xfe03;
const MODE_SWITCH = 0xff7e;
const CAPS_LOCK = 0xffe5;
const NUM_LOCK = 0xff7f;
const CAPS_LOCK_LIGHT = 4;
const NUM_LOCK_LIGHT = 2;

/** On Windows, AltGr comes as a left Ctrl and, no later than this, a right Alt. */
const ALT_GR_MS = 50;
/** So long a left Ctrl is held back to find out. */
const ALT_GR_PATIENCE_MS = 100;

type Press = Pick<
  KeyboardEvent,
  'code' | 'key' | 'location' | 'timeStamp' | 'metaKey' | 'getModifierState' | 'preventDefault' | 'stopPropagation'
>;

/**
 * Turns a browser's key events into key presses of the desktop. What is pressed is released, whatever the browser leaves
 * out, and the lights of both keyboards agree before a key is typed.
 */
export class Keyboard {
  readonly #sink: KeySink;
  readonly #platform: Platform;
  /** Keys that are down, with the symbol they were pressed for: a shift in between must not change it. */
  readonly #down = new Map<string, number>();
  #control: { at: number; timer: ReturnType<typeof setTimeout> } | undefined;
  #lights: number | undefined;

  constructor(sink: KeySink, on: Platform = platform()) {
    this.#sink = sink;
    this.#platform = on;
  }

  /** The lights on the desktop's keyboard: bit 0 scroll lock, 1 num lock, 2 caps lock. */
  setLights(lights: number): void {
    this.#lights = lights;
  }

  press(event: Press): void {
    event.preventDefault();
    event.stopPropagation();
    const { code } = event;
    let keysym = this.#local(keysymOfEvent(event));
    const control = this.#control;
    if (control !== undefined) {
      this.#control = undefined;
      clearTimeout(control.timer);
      if (code === 'AltRight' && event.timeStamp - control.at < ALT_GR_MS) keysym = LEVEL_3_SHIFT;
      else this.#send(CONTROL_LEFT, 'ControlLeft', true);
    }
    if (code === '' || code === 'Unidentified') {
      // An on-screen keyboard tells no more, and may forget the release.
      if (keysym !== 0) this.tap(keysym, '');
      return;
    }
    this.#agreeOnLights(event);
    if (this.#platform === 'mac' && (code === 'CapsLock' || (event.metaKey && !code.startsWith('Meta')))) {
      // macOS tells no release of a key that is pressed with Command, and of Caps Lock only its change.
      this.tap(keysym, code);
      return;
    }
    if (this.#platform === 'windows' && code === 'ControlLeft' && !this.#down.has(code)) {
      this.#control = { at: event.timeStamp, timer: setTimeout(() => this.#controlAlone(), ALT_GR_PATIENCE_MS) };
      return;
    }
    this.#send(this.#down.get(code) ?? keysym, code, true);
  }

  release(event: Press): void {
    event.preventDefault();
    event.stopPropagation();
    const { code } = event;
    this.#controlAlone();
    if (this.#platform === 'mac' && code === 'CapsLock') {
      this.tap(CAPS_LOCK, code);
      return;
    }
    this.#release(code);
    if (this.#platform === 'windows' && (code === 'ShiftLeft' || code === 'ShiftRight')) {
      // Windows tells only one release when both are down.
      this.#release('ShiftLeft');
      this.#release('ShiftRight');
    }
  }

  releaseAll(): void {
    this.#controlAlone();
    for (const code of [...this.#down.keys()]) this.#release(code);
  }

  /** A key pressed by other means than the keyboard's. */
  hold(keysym: number, code: string, down: boolean): void {
    if (down) this.#send(keysym, code, true);
    else this.#release(code);
  }

  tap(keysym: number, code: string): void {
    const scanCode = scanCodeOf(code);
    this.#sink.key(keysym, scanCode, true);
    this.#sink.key(keysym, scanCode, false);
  }

  #controlAlone(): void {
    if (this.#control === undefined) return;
    clearTimeout(this.#control.timer);
    this.#control = undefined;
    this.#send(CONTROL_LEFT, 'ControlLeft', true);
  }

  #send(keysym: number, code: string, down: boolean): void {
    if (down) this.#down.set(code, keysym);
    this.#sink.key(keysym, scanCodeOf(code), down);
  }

  #release(code: string): void {
    const keysym = this.#down.get(code);
    if (keysym === undefined) return;
    this.#down.delete(code);
    this.#send(keysym, code, false);
  }

  /** A Mac's Option is what AltGr is elsewhere, and its Command what Alt is. */
  #local(keysym: number): number {
    if (this.#platform !== 'mac') return keysym;
    switch (keysym) {
      case SUPER_LEFT:
        return ALT_LEFT;
      case SUPER_LEFT + 1:
        return SUPER_LEFT;
      case ALT_LEFT:
        return MODE_SWITCH;
      case ALT_LEFT + 1:
        return LEVEL_3_SHIFT;
      default:
        return keysym;
    }
  }

  /** Somebody may have pressed Caps Lock in another window: the desktop is told before it matters. */
  #agreeOnLights(event: Press): void {
    if (this.#lights === undefined) return;
    if (event.code !== 'CapsLock') this.#agree(event.getModifierState('CapsLock'), CAPS_LOCK_LIGHT, CAPS_LOCK, 'CapsLock');
    // A Mac has no Num Lock, and says that it is off.
    if (event.code !== 'NumLock' && this.#platform !== 'mac') {
      this.#agree(event.getModifierState('NumLock'), NUM_LOCK_LIGHT, NUM_LOCK, 'NumLock');
    }
  }

  #agree(on: boolean, light: number, keysym: number, code: string): void {
    const lights = this.#lights ?? 0;
    if (on === ((lights & light) !== 0)) return;
    // Until the desktop says otherwise, it is taken to have happened: else each key would press it again.
    this.#lights = lights ^ light;
    this.tap(keysym, code);
  }
}
