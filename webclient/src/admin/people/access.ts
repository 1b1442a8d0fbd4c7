import { useQueries, useQuery } from '@tanstack/react-query';
import { asFailure, type Failure } from '../../api/failure';
import type { Entitlement, Pool } from '../../api/types';
import { entitlements, pools } from '../api';
import { readAll } from '../readAll';

export interface Subject {
  kind: Entitlement['kind'];
  name: string;
}

/** A pool that somebody may use, and by which entitlements. */
export interface Access {
  pool: Pool;
  by: readonly Entitlement[];
}

/** The group that every account is in, whether it is written down or not. */
export const EVERYONE = 'everyone';

/** What each pool's entitlements give to a user by name or by groups, or to a group. */
export function accessOf(subject: Subject, groups: readonly string[], all: readonly { pool: Pool; entitlements: readonly Entitlement[] }[]): Access[] {
  const fits = ({ kind, subject: name }: Entitlement): boolean =>
    kind === subject.kind ? name === subject.name : subject.kind === 'user' && (name === EVERYONE || groups.includes(name));
  return all.map(({ pool, entitlements: list }) => ({ pool, by: list.filter(fits) })).filter(({ by }) => by.length > 0);
}

interface AllEntitlements {
  all: { pool: Pool; entitlements: Entitlement[] }[] | undefined;
  failure: Failure | undefined;
  retry: () => void;
}

/** Every pool with who may use it: the API has entitlements by pool only. */
export function useAllEntitlements(): AllEntitlements {
  const list = useQuery({ queryKey: ['pool', 'all'], queryFn: () => readAll(pools) });
  const rows = list.data ?? [];
  const each = useQueries({
    queries: rows.map((pool) => ({ queryKey: ['entitlement', pool.id], queryFn: () => entitlements(pool.id) })),
  });
  const failed = each.find((query) => query.error);
  return {
    all:
      list.data && each.every((query) => query.data)
        ? rows.map((pool, i) => ({ pool, entitlements: each[i]?.data ?? [] }))
        : undefined,
    failure: list.error ? asFailure(list.error) : failed ? asFailure(failed.error) : undefined,
    retry: () => {
      if (list.error) void list.refetch();
      for (const query of each) if (query.error) void query.refetch();
    },
  };
}
