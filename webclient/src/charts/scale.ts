/** Round numbers from 0 to at least `most`, a few: where an axis has its lines. */
export function ticks(most: number, few = 4): number[] {
  if (!(most > 0)) return [0, 1];
  const rough = most / few;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
  const whole = Math.max(step, Number.EPSILON);
  return Array.from({ length: Math.ceil(most / whole - 1e-9) + 1 }, (_, i) => Number((i * whole).toPrecision(12)));
}

/** As ticks, for things that are counted. */
export function wholeTicks(most: number, few = 4): number[] {
  return most < few ? Array.from({ length: Math.max(1, Math.ceil(most)) + 1 }, (_, i) => i) : ticks(most, few);
}

/** Every n-th label, so that each has `room` of the width. */
export function thinned(count: number, width: number, room: number): number {
  return Math.max(1, Math.ceil((count * room) / Math.max(1, width)));
}
