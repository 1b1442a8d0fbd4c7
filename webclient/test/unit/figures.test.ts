import { describe, expect, it } from 'vitest';
import { KEPT_MS, latency, NONE, points, withFigures, withSample, type LiveSample } from '../../src/helpdesk/figures';

const START = Date.parse('2026-11-22T08:00:00Z');
const sample = (after: number, more: Partial<LiveSample> = {}): LiveSample => ({
  at: new Date(START + after).toISOString(), memoryBytes: 512, hostMemoryBytes: 300, sharedMemoryBytes: 0, balloonedBytes: 0, ...more,
});

describe('live figures', () => {
  it('keep as much as the broker does', () => {
    let state = withFigures({ machine: 'demo-1', intervalMs: 2_000, samples: [sample(0)] });
    state = withSample(state, sample(KEPT_MS - 1));
    expect(state.samples).toHaveLength(2);
    state = withSample(state, sample(KEPT_MS + 1));
    expect(state.samples.map(({ at }) => at)).toEqual([sample(KEPT_MS - 1).at, sample(KEPT_MS + 1).at]);
  });

  it('leave out what a sample does not have, instead of calling it nothing', () => {
    const list = [sample(0), sample(2_000, { cpuPercent: 0 }), sample(4_000, { cpuPercent: 7 })];
    expect(points(list, ({ cpuPercent }) => cpuPercent)).toEqual([{ at: START + 2_000, value: 0 }, { at: START + 4_000, value: 7 }]);
  });

  it('have an answer time only if somebody looks', () => {
    expect(latency(sample(0))).toBeUndefined();
    expect(latency(sample(0, { display: { backlogBytes: 0 } }))).toBeUndefined();
    expect(latency(sample(0, { display: { backlogBytes: 0, roundTripMs: 20 } }))).toBe(20);
    expect(latency(sample(0, { display: { backlogBytes: 0, roundTripMs: 20, lagMs: 5 } }))).toBe(25);
  });

  it('wait at the beginning', () => expect(NONE.state).toBe('waiting'));
});
