import { describe, expect, it } from 'vitest';
import type { Desktop } from '../../src/api/types';
import { groupNames } from '../../src/admin/people/names';
import { staleAfter, withDesktop } from '../../src/app/live';
import { offer } from '../../src/desktops/offer';
import { returnPath, signInPath } from '../../src/identity/returnPath';
import { closeCause } from '../../src/viewer/ending';
import { keysymOf, typed } from '../../src/viewer/keys';

function desktop(poolId: string, state: Desktop['state'] = 'NONE', action: Desktop['action'] = 'CONNECT'): Desktop {
  return { poolId, name: poolId, state, action, stages: [], recorded: false, fileDrop: false, nativeViewers: false, changed: '2026-11-22T08:00:00Z' };
}

describe('the way back after sign-in', () => {
  it.each([
    ['/desktop/demo', '/desktop/demo'],
    ['/admin/users?q=eve', '/admin/users?q=eve'],
    [null, '/'],
    ['https://evil.example/', '/'],
    ['//evil.example/', '/'],
    ['/\\evil.example', '/'],
    ['/sign-in?next=/sign-in', '/'],
  ])('%s leads to %s', (next, path) => {
    expect(returnPath(next)).toBe(path);
  });

  it('survives a round trip', () => {
    const path = signInPath({ pathname: '/admin/users', search: '?q=a&b=c' });
    expect(returnPath(new URL(path, 'http://x').searchParams.get('next'))).toBe('/admin/users?q=a&b=c');
  });
});

describe('the card’s offer', () => {
  it.each([
    ['NONE', 'CONNECT', 'connect'],
    ['NONE', 'QUEUE', 'queue'],
    ['QUEUED', 'WAIT', 'watch'],
    ['READY', 'CONNECT', 'open'],
    ['DISCONNECTED', 'RECONNECT', 'reconnect'],
    ['CONNECTED', 'RECONNECT', 'takeOver'],
    ['UNAVAILABLE', 'NONE', 'none'],
    ['FAILED', 'CONNECT', 'none'],
  ] as const)('in state %s with action %s is %s', (state, action, what) => {
    expect(offer({ state, action })).toBe(what);
  });
});

describe('events and what was read', () => {
  it('replace the one desktop that changed', () => {
    const list = [desktop('a'), desktop('b')];
    const changed = desktop('b', 'READY');
    expect(withDesktop(list, changed)).toEqual([list[0], changed]);
  });

  it('make the list stale when they name a desktop that is not on it', () => {
    expect(withDesktop([desktop('a')], desktop('new'))).toBeUndefined();
  });

  it('make the counts of a pool and a host stale with their machines and sessions', () => {
    expect(staleAfter({ kind: 'machine', id: 'm' })).toEqual(['machine', 'pool', 'person', 'host']);
    expect(staleAfter({ kind: 'user', id: 'u' })).toEqual(['user', 'person']);
  });
});

describe('a soft keyboard', () => {
  it('types what was added', () => {
    expect(typed('___', '___hi')).toEqual([0x68, 0x69]);
  });

  it('takes back what an autocorrection replaced', () => {
    expect(typed('teh', 'the')).toEqual([0xff08, 0xff08, 0x68, 0x65]);
  });

  it('knows Latin-1, the rest of Unicode and the line end', () => {
    expect(keysymOf('ß')).toBe(0xdf);
    expect(keysymOf('€')).toBe(0x010020ac);
    expect(keysymOf('\n')).toBe(0xff0d);
    expect(typed('', '😀')).toEqual([0x0101f600]);
  });
});

it('close codes other than displayd’s own are a drop', () => {
  expect(closeCause(4001)).toBe('MACHINE_STOPPED');
  expect([1000, 1001, 1006, 1011, 4999].map(closeCause)).toEqual([undefined, undefined, undefined, undefined, undefined]);
});

it('group names are separated by commas, semicolons or space', () => {
  expect(groupNames(' design, staff;  a\tb ')).toEqual(['design', 'staff', 'a', 'b']);
});
