import { describe, expect, it } from 'vitest';
import { JitterBuffer } from '../../../src/viewer/sound/jitterBuffer';

/** Frames with the same sample left, and its negative right. */
function frames(count: number, sample: number): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(4 * count));
  for (let i = 0; i < count; i++) {
    bytes.setInt16(4 * i, sample, true);
    bytes.setInt16(4 * i + 2, -sample, true);
  }
  return new Uint8Array(bytes.buffer);
}

describe('a jitter buffer', () => {
  const take = (buffer: JitterBuffer, count: number): [number[], number[]] => {
    const left = new Float32Array(count).fill(9);
    const right = new Float32Array(count).fill(9);
    buffer.take(left, right);
    return [[...left], [...right]];
  };

  it('is silent until there is enough, then plays in order, and gathers again when it ran dry', () => {
    const buffer = new JitterBuffer(1000);
    buffer.put(frames(59, 16_384));
    expect(take(buffer, 2)).toEqual([[0, 0], [0, 0]]);
    buffer.put(frames(1, 16_384));
    expect(take(buffer, 2)).toEqual([[0.5, 0.5], [-0.5, -0.5]]);
    expect(take(buffer, 59)[0].slice(-2)).toEqual([0.5, 0]);
    buffer.put(frames(1, 16_384));
    expect(take(buffer, 1)).toEqual([[0], [0]]);
  });

  it('drops what is older than a fifth of a second', () => {
    const buffer = new JitterBuffer(1000);
    buffer.put(frames(150, 16_384));
    buffer.put(frames(100, 8_192));
    expect(buffer.length).toBe(200);
    expect(take(buffer, 101)[0].slice(-2)).toEqual([0.5, 0.25]);
  });

  it('plays what is left when nothing more comes', () => {
    const buffer = new JitterBuffer(1000);
    buffer.put(frames(3, 16_384));
    buffer.end();
    expect(take(buffer, 4)[0]).toEqual([0.5, 0.5, 0.5, 0]);
  });
});
