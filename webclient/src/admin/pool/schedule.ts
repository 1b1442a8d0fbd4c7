import type { DayOfWeek, OpenWindow, WarmWindow } from './policy';

export const DAYS = ['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY', 'SUNDAY'] as const satisfies readonly DayOfWeek[];

export const WORKING_DAYS: readonly DayOfWeek[] = DAYS.slice(0, 5);

const DAY_MINUTES = 24 * 60;

/** Part of a day, in minutes from midnight. */
export interface Segment {
  from: number;
  until: number;
}

export interface WarmSegment extends Segment {
  machines: number;
}

export function minutes(time: string): number {
  const [hours = 0, rest = 0] = time.split(':').map(Number);
  return hours * 60 + rest;
}

/** The parts of one day that a window covers: one that ends before it begins goes on into the next morning. */
export function segmentsOn(day: DayOfWeek, { days, from, until }: OpenWindow): Segment[] {
  const on = (which: DayOfWeek): boolean => !days?.length || days.includes(which);
  const before = DAYS[(DAYS.indexOf(day) + DAYS.length - 1) % DAYS.length] ?? 'SUNDAY';
  const [begin, end] = [minutes(from), minutes(until)];
  if (begin < end) return on(day) ? [{ from: begin, until: end }] : [];
  const found: Segment[] = [];
  if (on(before) && end > 0) found.push({ from: 0, until: end });
  if (on(day)) found.push({ from: begin, until: DAY_MINUTES });
  return found;
}

/** How many free machines run through a day: of several windows that count at a time, the largest. */
export function warmOn(day: DayOfWeek, windows: readonly WarmWindow[]): WarmSegment[] {
  const pieces = windows.flatMap((window) => segmentsOn(day, window).map((segment) => ({ ...segment, machines: window.machines })));
  const edges = [...new Set(pieces.flatMap(({ from, until }) => [from, until]))].sort((a, b) => a - b);
  const found: WarmSegment[] = [];
  for (const [i, from] of edges.entries()) {
    const until = edges[i + 1];
    const covering = pieces.filter((piece) => piece.from <= from && piece.until > from);
    if (until === undefined || covering.length === 0) continue;
    const machines = Math.max(...covering.map((piece) => piece.machines));
    const last = found.at(-1);
    if (last?.until === from && last.machines === machines) last.until = until;
    else found.push({ from, until, machines });
  }
  return found;
}

/** When a day is open; without any window it always is. */
export function openOn(day: DayOfWeek, windows: readonly OpenWindow[]): Segment[] {
  if (windows.length === 0) return [{ from: 0, until: DAY_MINUTES }];
  return warmOn(day, windows.map((window) => ({ ...window, machines: 1 }))).map(({ from, until }) => ({ from, until }));
}

export function share(minute: number): string {
  return `${(100 * minute) / DAY_MINUTES}%`;
}
