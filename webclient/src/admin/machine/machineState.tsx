import { Label, type LabelProps } from '@patternfly/react-core';
import type { Machine } from '../../api/types';
import { useLanguage } from '../../i18n/language';

type Lifecycle = Machine['lifecycle'];

const STATUS: Partial<Record<Lifecycle, Pick<LabelProps, 'status' | 'color'>>> = {
  AVAILABLE: { status: 'success' },
  ASSIGNED: { color: 'blue' },
  IN_SESSION: { color: 'blue' },
  CLONING: { color: 'teal' },
  BOOTING: { color: 'teal' },
  REFRESHING: { color: 'teal' },
  DIRTY: { status: 'warning' },
  MAINTENANCE: { status: 'warning' },
  DRAINING: { status: 'warning' },
  ERROR: { status: 'danger' },
  MISSING: { status: 'danger' },
};

/** What an administrator looks for: the lifecycles, gathered. */
export const GROUPS = {
  problem: ['ERROR', 'MISSING', 'DIRTY'],
  inUse: ['ASSIGNED', 'IN_SESSION', 'LOGGING_OFF'],
  free: ['AVAILABLE'],
  starting: ['REQUESTED', 'CLONING', 'BOOTING', 'REFRESHING'],
  aside: ['MAINTENANCE', 'DRAINING'],
} as const satisfies Record<string, readonly Lifecycle[]>;

export type Group = keyof typeof GROUPS;

export function inGroup(machine: Pick<Machine, 'lifecycle'>, group: Group): boolean {
  return (GROUPS[group] as readonly Lifecycle[]).includes(machine.lifecycle);
}

export function LifecycleLabel({ machine }: { machine: Pick<Machine, 'lifecycle'> }) {
  const { t } = useLanguage();
  return (
    <Label isCompact {...STATUS[machine.lifecycle]}>
      {t(`lifecycle.${machine.lifecycle}`)}
    </Label>
  );
}
