import { useQuery } from '@tanstack/react-query';
import { asFailure, type Failure } from '../../api/failure';
import type { User } from '../../api/types';
import { hasRight, useMe } from '../../identity/identity';
import { allUsers, grants, user } from '../api';
import { useCollection } from '../useCollection';
import { readAll } from '../readAll';
import { useAllEntitlements } from './access';
import { groupsOf, type Group } from './groups';

const SOURCE = { kind: 'user', keyOf: (row: User) => row.id, page: allUsers, one: user } as const;

interface Groups {
  groups: Group[] | undefined;
  failure: Failure | undefined;
  retry: () => void;
}

export function useGroups(): Groups {
  const me = useMe();
  const users = useCollection(SOURCE);
  const entitled = useAllEntitlements();
  const reads = hasRight(me, 'role.read');
  const given = useQuery({ queryKey: ['grant', 'all'], queryFn: () => readAll((cursor) => grants('', cursor)), enabled: reads });
  return {
    groups:
      users.rows && entitled.all && (given.data ?? !reads)
        ? groupsOf(users.rows, entitled.all.flatMap(({ entitlements }) => entitlements), given.data ?? [])
        : undefined,
    failure: users.failure ?? entitled.failure ?? (given.error ? asFailure(given.error) : undefined),
    retry: () => {
      users.reload();
      entitled.retry();
      if (given.error) void given.refetch();
    },
  };
}
