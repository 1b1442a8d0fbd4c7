import type { components } from '@oriel/contract';

type Schemas = components['schemas'];

/** Figures of the last weeks, the same each time but for the day that they end on. */
export function report(name: string, now: Date): unknown[] | undefined {
  const day = (back: number): string => new Date(now.getTime() - back * 86_400_000).toISOString();
  switch (name) {
    case 'usage':
      return [
        { username: 'alice', poolId: 'design', sessions: 21, seconds: 412_000, last: day(0.2) },
        { username: 'bob', poolId: 'demo', sessions: 34, seconds: 301_500, last: day(0.1) },
        { username: 'eve', poolId: 'design', sessions: 9, seconds: 88_000, last: day(1) },
        { username: 'carol', poolId: 'demo', sessions: 2, seconds: 2_400, last: day(6) },
      ] satisfies Schemas['UsageRow'][];
    case 'concurrency':
      return Array.from({ length: 28 }, (_, i) => ({ day: day(i).slice(0, 10), sessions: [4, 3, 5, 2, 4, 1, 0][i % 7] ?? 0, at: day(i + 0.3) }))
        .filter(({ sessions }) => sessions > 0) satisfies Schemas['PeakRow'][];
    case 'logons':
      return (['demo', 'design'] as const).flatMap((poolId, at) =>
        (['authenticate', 'claim', 'clone', 'boot', 'first-frame'] as const).map((step, i) => {
          const p50 = [310, 900, 420, 21_000, 640][i]! * (at + 1);
          return { poolId, step, logons: 40 - 20 * at, p50, p95: p50 * 3, most: p50 * 7 };
        }),
      ) satisfies Schemas['LogonRow'][];
    case 'idle':
      return [{ username: 'eve', poolId: 'design', machine: 'design-1', since: day(0.4) }] satisfies Schemas['IdleRow'][];
    case 'capacity':
      return [
        { poolId: 'demo', size: 5, inUse: 1, peak: 4, waited: 3, full: day(-41).slice(0, 10) },
        { poolId: 'design', size: 2, inUse: 2, peak: 2, waited: 0 },
        { poolId: 'lab', size: 5, inUse: 0, peak: 0, waited: 0 },
      ] satisfies Schemas['CapacityRow'][];
    case 'sprawl':
      return [
        { kind: 'pool', id: 'lab', why: 'no session', since: day(60) },
        { kind: 'snapshot', id: 'design-1/Before the update', why: 'older than a month', since: day(45) },
        { kind: 'image', id: 'debian-desktop:1', why: 'no pool uses it', since: day(90) },
      ] satisfies Schemas['SprawlRow'][];
    case 'failed-logins':
      return [
        { username: 'root', address: '203.0.113.9', count: 412, last: day(0.01) },
        { username: '=cmd()', address: '203.0.113.9', count: 12, last: day(0.5) },
        { username: 'bob', address: '192.0.2.17', count: 2, last: day(3) },
      ] satisfies Schemas['FailedLoginRow'][];
    default:
      return undefined;
  }
}
