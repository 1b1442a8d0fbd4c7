import { describe, expect, it } from 'vitest';
import type { Entitlement, Pool } from '../../src/api/types';
import { accessOf } from '../../src/admin/people/access';
import { groupsOf } from '../../src/admin/people/groups';
import { logoffActions, policyChanges, policyOf, wire } from '../../src/admin/pool/policy';
import { openOn, segmentsOn, warmOn, WORKING_DAYS } from '../../src/admin/pool/schedule';

describe('a pool’s calendar', () => {
  it('puts the hours after midnight on the next day', () => {
    const night = { days: ['FRIDAY' as const], from: '22:00', until: '06:00' };
    expect(segmentsOn('FRIDAY', night)).toEqual([{ from: 22 * 60, until: 24 * 60 }]);
    expect(segmentsOn('SATURDAY', night)).toEqual([{ from: 0, until: 6 * 60 }]);
    expect(segmentsOn('SUNDAY', night)).toEqual([]);
  });

  it('takes the whole day for hours that end where they begin, and every day for none', () => {
    expect(segmentsOn('SUNDAY', { from: '00:00', until: '00:00' })).toEqual([{ from: 0, until: 24 * 60 }]);
  });

  it('counts the largest of several numbers at a time, and joins what is equal', () => {
    expect(
      warmOn('MONDAY', [
        { days: [...WORKING_DAYS], from: '08:00', until: '18:00', machines: 3 },
        { from: '09:00', until: '10:00', machines: 5 },
        { from: '11:00', until: '12:00', machines: 2 },
      ]),
    ).toEqual([
      { from: 480, until: 540, machines: 3 },
      { from: 540, until: 600, machines: 5 },
      { from: 600, until: 1080, machines: 3 },
    ]);
  });

  it('is always open without hours', () => {
    expect(openOn('MONDAY', [])).toEqual([{ from: 0, until: 24 * 60 }]);
    expect(openOn('SUNDAY', [{ days: ['MONDAY'], from: '08:00', until: '18:00' }])).toEqual([]);
  });
});

describe('a pool’s policy', () => {
  const pool = { policy: { assignment: 'floating' as const, limits: { idleMinutes: 15 }, snapshots: { most: 3, days: 14, byUser: false } } };

  it('sends only the parts that were changed', () => {
    const before = policyOf(pool.policy);
    expect(policyChanges(pool, before)).toEqual({});
    expect(policyChanges(pool, { ...before, limits: {} })).toEqual({ limits: {} });
    expect(policyChanges(pool, { ...before, snapshots: { ...before.snapshots, daily: '12:00' } })).toEqual({
      snapshots: { most: 3, days: 14, byUser: false, daily: '12:00' },
    });
  });

  it('leaves out a daily snapshot that is not wanted', () => {
    expect(wire(policyOf({})).snapshots).toEqual({ byUser: false, most: 5, days: 14 });
  });

  it('keeps machines in dedicated pools only', () => {
    expect(policyOf({ assignment: 'dedicated' }).logoffAction).toBe('keep');
    expect(logoffActions('floating')).not.toContain('keep');
  });
});

describe('who may use what', () => {
  const pool = (id: string): Pool => ({ id }) as Pool;
  const entitlement = (poolId: string, kind: Entitlement['kind'], subject: string): Entitlement => ({ id: `${poolId}-${subject}`, poolId, kind, subject });
  const all = [
    { pool: pool('a'), entitlements: [entitlement('a', 'user', 'bob'), entitlement('a', 'group', 'design')] },
    { pool: pool('b'), entitlements: [entitlement('b', 'group', 'everyone')] },
    { pool: pool('c'), entitlements: [entitlement('c', 'user', 'design')] },
  ];

  it('is what a person has by name, by groups and as everyone', () => {
    expect(accessOf({ kind: 'user', name: 'bob' }, ['design'], all).map((access) => [access.pool.id, access.by.length])).toEqual([['a', 2], ['b', 1]]);
  });

  it('does not take a group for a user of the same name', () => {
    expect(accessOf({ kind: 'group', name: 'design' }, [], all).map((access) => access.pool.id)).toEqual(['a']);
  });

  it('finds groups wherever they are named', () => {
    const groups = groupsOf([{ groups: ['staff'] }] as never, all.flatMap(({ entitlements }) => entitlements), [{ subjectKind: 'group', subject: 'ops' }] as never);
    expect(groups.map(({ name, members }) => [name, members.length])).toEqual([['design', 0], ['everyone', 1], ['ops', 0], ['staff', 1]]);
  });
});
