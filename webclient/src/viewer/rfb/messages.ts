import type { LinkState } from '../link';
import type { PowerAction } from './clientMessages';
import type { CursorImage } from './cursor';
import type { LayoutRefusal, Quality, WantedScreen } from './session';
import type { ScreenArea } from './surface';

/** What the page tells the engine, which works in a thread of its own. */
export type ToEngine =
  | {
      kind: 'open';
      canvas: OffscreenCanvas | HTMLCanvasElement;
      /** Absent when bytes come by `feed`: what a recording holds. */
      address?: { url: string; protocols: readonly string[] };
      quality: Quality;
    }
  | { kind: 'feed'; bytes: Uint8Array<ArrayBuffer> }
  | { kind: 'key'; keysym: number; scanCode: number | undefined; down: boolean }
  | { kind: 'pointer'; buttons: number; x: number; y: number }
  | { kind: 'quality'; quality: Quality }
  /** Monitors that are wanted, side by side; the first is the canvas that came with `open`. */
  | { kind: 'layout'; screens: readonly WantedScreen[] | undefined }
  /** A canvas for one of the other monitors. */
  | { kind: 'addScreen'; id: number; canvas: OffscreenCanvas | HTMLCanvasElement }
  | { kind: 'removeScreen'; id: number }
  | { kind: 'clipboard'; text: string }
  /** Where sound goes: to a worklet, at so many samples a second. */
  | { kind: 'listen'; port: MessagePort; hertz: number }
  | { kind: 'mute' }
  | { kind: 'power'; action: PowerAction }
  /** From now on the colour at a place is told after each update. */
  | { kind: 'watch'; x: number; y: number }
  | { kind: 'close' };

/** What the engine tells the page. */
export type FromEngine =
  | { kind: 'opened'; width: number; height: number; name: string }
  | { kind: 'resized'; width: number; height: number; screens: readonly ScreenArea[] }
  | { kind: 'layoutRefused'; why: LayoutRefusal }
  /** The first picture is on the canvas. */
  | { kind: 'drawn' }
  | { kind: 'cursor'; cursor: CursorImage | undefined }
  | { kind: 'leds'; leds: number }
  | { kind: 'clipboard'; text: string }
  | { kind: 'link'; state: LinkState }
  | { kind: 'audioOffered' }
  | { kind: 'powerOffered' }
  /** `at` is when it was drawn: milliseconds since 1970, as threads have no other clock in common. */
  | { kind: 'colour'; colour: readonly number[]; at: number }
  /** Told once. `code` is the WebSocket's close code; `reason` is for whoever looks for a fault. */
  | { kind: 'closed'; code: number; reason: string };
