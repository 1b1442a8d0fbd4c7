import type { ScreenArea } from './surface';
import { Writer } from './wire';

// What a client says (RFC 6143 §7.5 and registered extensions).
type Message = Uint8Array<ArrayBuffer>;

export function setEncodings(encodings: readonly number[]): Message {
  const message = new Writer().u8(2).u8(0).u16(encodings.length);
  for (const encoding of encodings) message.u32(encoding);
  return message.done();
}

export function updateRequest(incremental: boolean, width: number, height: number): Message {
  return new Writer().u8(3).u8(incremental ? 1 : 0).u16(0).u16(0).u16(width).u16(height).done();
}

export function keyEvent(down: boolean, keysym: number): Message {
  return new Writer().u8(4).u8(down ? 1 : 0).u16(0).u32(keysym).done();
}

/** QEMU extended key event: with the code that a PC's keyboard sends for the key, whatever is printed on it. */
export function scanCodeEvent(down: boolean, keysym: number, scanCode: number): Message {
  return new Writer().u8(255).u8(0).u16(down ? 1 : 0).u32(keysym).u32(scanCode).done();
}

/**
 * @param buttons bit 0 left, 1 middle, 2 right, 3–6 wheel up, down, left, right, 7 back, 8 forward
 * @param extended whether the server knows the last two
 */
export function pointerEvent(buttons: number, x: number, y: number, extended: boolean): Message {
  const more = buttons >> 7;
  if (!extended || more === 0) return new Writer().u8(5).u8(buttons & 0x7f).u16(x).u16(y).done();
  return new Writer().u8(5).u8((buttons & 0x7f) | 0x80).u16(x).u16(y).u8(more).done();
}

export function continuousUpdates(enable: boolean, width: number, height: number): Message {
  return new Writer().u8(150).u8(enable ? 1 : 0).u16(0).u16(0).u16(width).u16(height).done();
}

export function fence(flags: number, payload: Uint8Array): Message {
  return new Writer().u8(248).bytes([0, 0, 0]).u32(flags).u8(payload.length).bytes(payload).done();
}

/** SetDesktopSize: a picture and its screens. */
export function desktopSize(width: number, height: number, screens: readonly (ScreenArea & { flags: number })[]): Message {
  const message = new Writer().u8(251).u8(0).u16(width).u16(height).u8(screens.length).u8(0);
  for (const { id, x, y, width: w, height: h, flags } of screens) message.u32(id).u16(x).u16(y).u16(w).u16(h).u32(flags);
  return message.done();
}

/** QEMU audio: the server begins to tell what is to be heard, or ends. */
export function enableAudio(enable: boolean): Message {
  return new Writer().u8(255).u8(1).u16(enable ? 0 : 1).done();
}

/** QEMU audio: samples of two bytes with a sign, left and right in turns. */
export function audioFormat(channels: number, hertz: number): Message {
  return new Writer().u8(255).u8(1).u16(2).u8(3).u8(channels).u32(hertz).done();
}

export type PowerAction = 'shutdown' | 'reboot' | 'reset';

/** xvp: asks the machine for it. */
export function power(action: PowerAction): Message {
  return new Writer()
    .u8(250)
    .u8(0)
    .u8(1)
    .u8({ shutdown: 2, reboot: 3, reset: 4 }[action])
    .done();
}
