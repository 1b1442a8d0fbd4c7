import { describe, expect, it } from 'vitest';
import { backoff } from '../../src/viewer/backoff';

describe('backoff', () => {
  it('doubles from 400 ms to at most 15 s', () => {
    const longest = Array.from({ length: 12 }, (_, attempt) => backoff(attempt, () => 1));
    expect(longest.slice(0, 4)).toEqual([400, 800, 1600, 3200]);
    expect(Math.max(...longest)).toBe(15_000);
  });

  it('takes off up to a half, so that users come back out of step', () => {
    expect(backoff(2, () => 0)).toBe(800);
    expect(backoff(2, () => 0.5)).toBe(1200);
  });
});
