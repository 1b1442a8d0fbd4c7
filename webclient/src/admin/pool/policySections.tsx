import { FormSection } from '@patternfly/react-core';
import type { components } from '@oriel/contract';
import { Fragment, type ComponentType, type ReactNode } from 'react';
import type { MessageKey } from '../../i18n/translate';
import { useLanguage } from '../../i18n/language';
import type { Policy } from './policy';
import {
  AssignmentFields, ClipboardField, CloneFields, FileDropField, LimitFields, LogoffFields, MinField, NativeViewersField, NetworkFields, RecordingField,
  ResourceFields, SnapshotFields,
} from './PolicyFields';
import { PlacementFields } from './PlacementFields';
import { CalendarFields } from './ScheduleFields';

/** What a policy's fields are given. */
export interface PolicyEdit {
  policy: Policy;
  change: (change: Partial<Policy>) => void;
  /** The pool's own numbers, that the calendar is compared with. */
  pool: { size: number; warm: number };
  /** The pool is there already: what can't be changed later is not asked any more. */
  exists: boolean;
}

/** Where a policy is asked for, in the wizard and in the settings alike. */
export type PolicySectionName = 'capacity' | 'machine' | 'sessions' | 'exchange' | 'network' | 'snapshots' | 'placement' | 'calendar';

interface Field {
  section: PolicySectionName;
  Fields: ComponentType<PolicyEdit>;
  /** It can't be changed once the pool is there. */
  once?: true;
}

/**
 * Every policy of the contract with its fields; the wizard and the settings show what is here, and nothing else. A policy
 * that the contract gets and that is missing here is a type error. In the order in which they are asked for.
 */
export const POLICY_FIELDS: Record<keyof components['schemas']['PoolPolicy'], Field> = {
  min: { section: 'capacity', Fields: MinField },
  cloneType: { section: 'machine', Fields: CloneFields },
  resources: { section: 'machine', Fields: ResourceFields },
  assignment: { section: 'sessions', Fields: AssignmentFields, once: true },
  logoffAction: { section: 'sessions', Fields: LogoffFields },
  limits: { section: 'sessions', Fields: LimitFields },
  clipboard: { section: 'exchange', Fields: ClipboardField },
  fileDrop: { section: 'exchange', Fields: FileDropField },
  nativeViewers: { section: 'exchange', Fields: NativeViewersField },
  recording: { section: 'exchange', Fields: RecordingField },
  network: { section: 'network', Fields: NetworkFields },
  snapshots: { section: 'snapshots', Fields: SnapshotFields },
  placement: { section: 'placement', Fields: PlacementFields },
  schedule: { section: 'calendar', Fields: CalendarFields },
};

interface Section {
  title: MessageKey;
  /** The wizard's step that asks for it. */
  step: 'machine' | 'capacity' | 'sessions' | 'network' | 'calendar';
  /** The part of the pool's page that has it. */
  part: 'settings' | 'calendar';
}

const SECTIONS: Record<PolicySectionName, Section> = {
  capacity: { title: 'wizard.capacity', step: 'capacity', part: 'settings' },
  machine: { title: 'pools.machine', step: 'machine', part: 'settings' },
  sessions: { title: 'admin.sessions', step: 'sessions', part: 'settings' },
  exchange: { title: 'policy.exchange', step: 'sessions', part: 'settings' },
  network: { title: 'policy.network', step: 'network', part: 'settings' },
  snapshots: { title: 'snapshots.open', step: 'sessions', part: 'settings' },
  placement: { title: 'policy.placement', step: 'capacity', part: 'settings' },
  calendar: { title: 'schedule.title', step: 'calendar', part: 'calendar' },
};

interface Props {
  /** Only the sections that belong there. */
  where: Partial<Pick<Section, 'step' | 'part'>>;
  edit: PolicyEdit;
  /** What comes before the policies of a section. */
  before?: Partial<Record<PolicySectionName, ReactNode>>;
}

/** The policies that are asked for somewhere, each section under its title; a single one needs none. */
export function PolicySections({ where, edit, before = {} }: Props) {
  const { t } = useLanguage();
  const names = (Object.keys(SECTIONS) as PolicySectionName[]).filter(
    (name) => (where.step ?? SECTIONS[name].step) === SECTIONS[name].step && (where.part ?? SECTIONS[name].part) === SECTIONS[name].part,
  );
  return names.map((name) => {
    const fields = (
      <>
        {before[name]}
        {Object.entries(POLICY_FIELDS)
          .filter(([, field]) => field.section === name && !(field.once && edit.exists))
          .map(([policy, { Fields }]) => (
            <Fields key={policy} {...edit} />
          ))}
      </>
    );
    return names.length === 1 ? (
      <Fragment key={name}>{fields}</Fragment>
    ) : (
      <FormSection key={name} title={t(SECTIONS[name].title)} titleElement="h2">
        {fields}
      </FormSection>
    );
  });
}
