/** Builds the file of a recorded session, as docs/displayd.md has it. */
const encode = (text: string): number[] => [...new TextEncoder().encode(text)];
const u16 = (value: number): number[] => [(value >>> 8) & 255, value & 255];
export const u32 = (value: number): number[] => [...u16(value >>> 16), ...u16(value)];
export const u64 = (value: number): number[] => [...u32(Math.floor(value / 2 ** 32)), ...u32(value >>> 0)];

export type RecordedPart = readonly [kind: 'K' | 'D', at: number, payload: readonly number[]];

function record(kind: string, at: number, payload: readonly number[]): number[] {
  return [...encode(kind), ...u32(payload.length).slice(1), ...u32(at), ...payload];
}

export function recordingFile(start: number, parts: readonly RecordedPart[], finished = true): number[] {
  const file = [...encode('OrielRec'), ...u32(1), ...u32(0), ...u64(start)];
  const index: number[] = [];
  for (const [kind, at, payload] of parts) {
    if (kind === 'K') index.push(...u32(at), ...u64(file.length));
    file.push(...record(kind, at, payload));
  }
  if (!finished) return file;
  const position = file.length;
  return [...file, ...record('I', parts.at(-1)?.[1] ?? 0, index), ...u64(position), ...encode('OrielIdx')];
}

/** What a server of RFB 3.8 says up to its first picture (RFC 6143 §7.1–7.3). */
export function hello(width: number, height: number): number[] {
  const format = [32, 24, 0, 1, ...u16(255), ...u16(255), ...u16(255), 16, 8, 0, 0, 0, 0];
  const name = encode('recorded');
  return [...encode('RFB 003.008\n'), 1, 1, ...u32(0), ...u16(width), ...u16(height), ...format, ...u32(name.length), ...name];
}

/** An update that fills the screen with a colour: Tight's "fill". */
export function filled(width: number, height: number, colour: readonly [number, number, number]): number[] {
  return [0, 0, ...u16(1), ...u16(0), ...u16(0), ...u16(width), ...u16(height), ...u32(7), 0x80, ...colour];
}
