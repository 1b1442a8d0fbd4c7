import type { Role } from '../../api/types';

export const ROLES: readonly Role[] = ['end-user', 'helpdesk', 'pool-admin', 'image-admin', 'auditor', 'admin'];
/** The contract's pattern for user and group names. */
export const NAME = /^[a-z][a-z0-9._-]{0,63}$/;

export function groupNames(text: string): string[] {
  return text.split(/[\s,;]+/).filter((name) => name !== '');
}
