import { describe, expect, it } from 'vitest';
import { auditQuery, exportAddress, filterFrom } from '../../src/admin/audit/filter';
import { EventLog } from '../../src/admin/events/eventLog';
import { csv } from '../../src/admin/report/csv';
import { everyDay } from '../../src/admin/report/days';
import { thinned, ticks, wholeTicks } from '../../src/charts/scale';

describe('the audit filter', () => {
  it('leaves out what is empty or no filter', () => {
    const filter = filterFrom(new URLSearchParams('actor=bob&outcome=NEVER&from=soon&x=1'));
    expect(auditQuery(filter)).toEqual({ actor: 'bob' });
    expect(exportAddress(filter, 'syslog')).toBe('/api/v1/audit/export?format=syslog&actor=bob');
  });

  it('includes the last day', () => {
    const { from, until } = auditQuery(filterFrom(new URLSearchParams('from=2026-11-22&until=2026-11-22')));
    expect(Date.parse(until!) - Date.parse(from!)).toBe(86_400_000);
  });
});

describe('the event log', () => {
  it('joins changes of one object that follow each other, and puts the newest first', () => {
    let now = 0;
    const log = new EventLog(() => now);
    log.add({ kind: 'machine', id: 'a' });
    log.add({ kind: 'machine', id: 'b' });
    now = 5_000;
    log.add({ kind: 'machine', id: 'a' });
    expect(log.snapshot().map(({ id, times }) => [id, times])).toEqual([['a', 2], ['b', 1]]);
    now = 60_000;
    log.add({ kind: 'machine', id: 'a' });
    expect(log.snapshot().map(({ id, times }) => [id, times])).toEqual([['a', 1], ['a', 2], ['b', 1]]);
  });

  it('forgets the oldest', () => {
    const log = new EventLog(() => 0);
    for (let i = 0; i < 1_200; i++) log.add({ kind: 'machine', id: String(i) });
    expect(log.snapshot().length).toBe(1_000);
    expect(log.snapshot()[0]?.id).toBe('1199');
  });
});

describe('a report', () => {
  it('is quoted where CSV needs it, and has no formulas', () => {
    expect(csv([{ title: 'Name', value: (row: string) => row }], ['a,b', 'say "hi"', '=1+1', '@x', 'plain'])).toBe(
      'Name\r\n"a,b"\r\n"say ""hi"""\r\n\'=1+1\r\n\'@x\r\nplain\r\n',
    );
  });

  it('has the days on which nothing happened', () => {
    const days = everyDay([{ day: '2026-11-02', sessions: 3, at: '' }], '2026-11-01T12:00:00Z', '2026-11-03T12:00:00Z');
    expect(days.map(({ sessions }) => sessions)).toEqual([0, 3, 0]);
  });
});

describe('an axis', () => {
  it.each([
    [0, [0, 1]],
    [3, [0, 1, 2, 3]],
    [7, [0, 2, 4, 6, 8]],
    [1000, [0, 500, 1000]],
  ])('for at most %d has round lines', (most, lines) => {
    expect(wholeTicks(most)).toEqual(most === 1000 ? ticks(1000) : lines);
    expect(wholeTicks(most).at(-1)).toBeGreaterThanOrEqual(most);
  });

  it('has no more labels than fit', () => {
    expect(thinned(30, 600, 60)).toBe(3);
    expect(thinned(2, 600, 60)).toBe(1);
  });
});
