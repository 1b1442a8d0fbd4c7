import type { Entitlement, Grant, User } from '../../api/types';
import { EVERYONE } from './access';

export interface Group {
  name: string;
  /** Everybody, for the group that nobody has to be put into. */
  members: readonly User[];
  entitlements: readonly Entitlement[];
  grants: readonly Grant[];
}

/** Groups are not objects of the API: they are what users, entitlements and roles name. */
export function groupsOf(users: readonly User[], entitlements: readonly Entitlement[], grants: readonly Grant[]): Group[] {
  const groupEntitlements = entitlements.filter(({ kind }) => kind === 'group');
  const groupGrants = grants.filter(({ subjectKind }) => subjectKind === 'group');
  const names = new Set([
    EVERYONE,
    ...users.flatMap((user) => user.groups),
    ...groupEntitlements.map(({ subject }) => subject),
    ...groupGrants.map(({ subject }) => subject),
  ]);
  return [...names].sort().map((name) => ({
    name,
    members: name === EVERYONE ? users : users.filter((user) => user.groups.includes(name)),
    entitlements: groupEntitlements.filter(({ subject }) => subject === name),
    grants: groupGrants.filter(({ subject }) => subject === name),
  }));
}
