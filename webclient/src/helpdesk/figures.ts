import type { components } from '@oriel/contract';

type Schemas = components['schemas'];

export type LiveSample = Schemas['LiveSample'];
export type LiveFigures = Schemas['LiveFigures'];

/** The broker keeps as much. */
export const KEPT_MS = 5 * 60_000;

export interface FiguresState {
  samples: readonly LiveSample[];
  intervalMs: number;
  state: 'waiting' | 'live' | 'ended';
}

export const NONE: FiguresState = { samples: [], intervalMs: 2_000, state: 'waiting' };

export function withFigures({ samples, intervalMs }: LiveFigures): FiguresState {
  return { samples, intervalMs, state: 'live' };
}

export function withSample(before: FiguresState, sample: LiveSample): FiguresState {
  const since = Date.parse(sample.at) - KEPT_MS;
  return { ...before, state: 'live', samples: [...before.samples.filter(({ at }) => Date.parse(at) >= since), sample] };
}

/** What pictures take from a change on the desktop to the person's screen, in milliseconds. */
export function latency({ display }: LiveSample): number | undefined {
  return display?.roundTripMs === undefined ? undefined : display.roundTripMs + (display.lagMs ?? 0);
}

/** A figure of each sample that has it, over time. */
export function points(samples: readonly LiveSample[], figure: (sample: LiveSample) => number | undefined): { at: number; value: number }[] {
  return samples.flatMap((sample) => {
    const value = figure(sample);
    return value === undefined ? [] : [{ at: Date.parse(sample.at), value }];
  });
}
