import type { components } from '@oriel/contract';
import type { Pool } from '../../api/types';

type Schemas = components['schemas'];

export type DayOfWeek = Schemas['DayOfWeek'];
export type Limits = Schemas['PoolLimits'];
export type OpenWindow = NonNullable<Schemas['PoolSchedule']['open']>[number];
export type WarmWindow = NonNullable<Schemas['PoolSchedule']['warm']>[number];

export interface Schedule {
  zone: string;
  holidays: readonly string[];
  warm: readonly WarmWindow[];
  open: readonly OpenWindow[];
}

export interface SnapshotRules {
  byUser: boolean;
  most: number;
  days: number;
  daily: string | undefined;
}

export type Network = Required<Omit<Schemas['PoolNetwork'], 'device'>> & Pick<Schemas['PoolNetwork'], 'device'>;

export type Resources = Required<Omit<Schemas['PoolResources'], 'cpuLimitPercent'>> & Pick<Schemas['PoolResources'], 'cpuLimitPercent'>;

export type Placement = Required<Schemas['PoolPlacement']>;

/** What a pool does, with every default of the contract filled in (PoolPolicy). */
export interface Policy {
  assignment: NonNullable<Schemas['PoolPolicy']['assignment']>;
  cloneType: NonNullable<Schemas['PoolPolicy']['cloneType']>;
  min: number;
  logoffAction: NonNullable<Schemas['PoolPolicy']['logoffAction']>;
  limits: Limits;
  schedule: Schedule;
  snapshots: SnapshotRules;
  clipboard: NonNullable<Schemas['PoolPolicy']['clipboard']>;
  recording: NonNullable<Schemas['PoolPolicy']['recording']>;
  fileDrop: NonNullable<Schemas['PoolPolicy']['fileDrop']>;
  nativeViewers: NonNullable<Schemas['PoolPolicy']['nativeViewers']>;
  network: Network;
  resources: Resources;
  placement: Placement;
}

export const ASSIGNMENTS = ['floating', 'dedicated'] as const satisfies readonly Policy['assignment'][];
export const CLONE_TYPES = ['linked', 'instant', 'full'] as const satisfies readonly Policy['cloneType'][];
export const CLIPBOARDS = ['both', 'to-guest', 'to-client', 'none'] as const satisfies readonly Policy['clipboard'][];
export const RECORDINGS = ['off', 'all'] as const satisfies readonly Policy['recording'][];
export const FILE_DROPS = ['off', 'to-guest'] as const satisfies readonly Policy['fileDrop'][];
export const NATIVE_VIEWERS = ['off', 'on'] as const satisfies readonly Policy['nativeViewers'][];
export const ACCESSES = ['isolated', 'open', 'none'] as const satisfies readonly Network['access'][];
export const UPLINKS = ['none', 'user', 'bridge'] as const satisfies readonly Network['uplink'][];
export const STRATEGIES = ['breadth-first', 'depth-first'] as const satisfies readonly Placement['strategy'][];
export const LIMITS = ['idleMinutes', 'disconnectedMinutes', 'maxMinutes'] as const satisfies readonly (keyof Limits)[];

/** A floating pool can't keep: the next person would see what is left. */
export function logoffActions(assignment: Policy['assignment']): readonly Policy['logoffAction'][] {
  return assignment === 'dedicated' ? ['keep', 'refresh', 'delete'] : ['refresh', 'delete'];
}

export function policyOf(given: Schemas['PoolPolicy']): Policy {
  const assignment = given.assignment ?? 'floating';
  const { zone = 'UTC', holidays = [], warm = [], open = [] } = given.schedule ?? {};
  const { byUser = false, most = 5, days = 14, daily } = given.snapshots ?? {};
  const { strategy = 'breadth-first', onlyHosts = [], avoidHosts = [] } = given.placement ?? {};
  const { access = 'isolated', uplink = 'none', device, megabits = 100 } = given.network ?? {};
  return {
    assignment,
    cloneType: given.cloneType ?? 'linked',
    min: given.min ?? 0,
    logoffAction: given.logoffAction ?? (assignment === 'dedicated' ? 'keep' : 'refresh'),
    limits: given.limits ?? {},
    schedule: { zone, holidays, warm, open },
    snapshots: { byUser, most, days, daily },
    clipboard: given.clipboard ?? 'both',
    recording: given.recording ?? 'off',
    fileDrop: given.fileDrop ?? 'off',
    nativeViewers: given.nativeViewers ?? 'off',
    network: { access, uplink, ...(device !== undefined && { device }), megabits },
    resources: { cpuShares: 1000, cpuReservedPercent: 0, memoryReservedMib: 0, ...given.resources },
    placement: { strategy, onlyHosts, avoidHosts },
  };
}

/** As the contract wants it: what is not set is absent. */
export function wire({ schedule, snapshots, ...rest }: Policy): Schemas['PoolPolicy'] {
  const { daily, ...rules } = snapshots;
  return {
    ...rest,
    schedule: { ...schedule, holidays: [...schedule.holidays], warm: [...schedule.warm], open: [...schedule.open] },
    snapshots: { ...rules, ...(daily !== undefined && { daily }) },
  };
}

/** The parts of a policy that differ from the pool's: only they are sent, so that nobody's other change is undone. */
export function policyChanges(pool: Pick<Pool, 'policy'>, after: Policy): Partial<Schemas['PoolPolicy']> {
  const before = wire(policyOf(pool.policy));
  return Object.fromEntries(
    Object.entries(wire(after)).filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(before[key as keyof typeof before])),
  );
}
