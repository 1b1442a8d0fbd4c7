import type { PeakRow } from './reports';

const DAY_MS = 86_400_000;

/** Every day (UTC) of a span, those without sessions too: the broker leaves them out. */
export function everyDay(rows: readonly PeakRow[], from: string, until: string): { day: string; sessions: number }[] {
  const known = new Map(rows.map(({ day, sessions }) => [day, sessions]));
  const days: { day: string; sessions: number }[] = [];
  for (let at = Date.parse(from.slice(0, 10)); at <= Date.parse(until); at += DAY_MS) {
    const day = new Date(at).toISOString().slice(0, 10);
    days.push({ day, sessions: known.get(day) ?? 0 });
  }
  return days;
}
