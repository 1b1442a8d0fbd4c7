import { ActionGroup, Button, Form, FormGroup, FormSection, Switch, TextArea, TextInput } from '@patternfly/react-core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { components } from '@oriel/contract';
import { asFailure } from '../../api/failure';
import type { Pool } from '../../api/types';
import { FailureAlert } from '../../app/FailureAlert';
import { useToasts } from '../../app/toasts';
import { useSubmit } from '../../app/useSubmit';
import { useLanguage } from '../../i18n/language';
import { updatePool } from '../api';
import { policyChanges, policyOf, type Policy } from './policy';
import { PolicySections, type PolicyEdit } from './policySections';
import type { PoolDraft } from './poolDraft';
import { CapacityFields, MachineFields } from './PoolFields';

type Editable = Omit<PoolDraft, 'id' | 'image' | 'imageVersion' | 'policy'>;
type Change = components['schemas']['PoolUpdate'];

function editable(pool: Pool): Editable {
  const { displayName, description = '', size, warm, memoryMib, vcpus, width, height, enabled } = pool;
  return { displayName, description, size, warm, memoryMib, vcpus, width, height, enabled };
}

/** What differs from the pool as it is: only that is sent, so that nobody's other change is undone. */
export function changesOf(pool: Pool, draft: Editable, policy: Policy): Change {
  const before = editable(pool);
  const parts = policyChanges(pool, policy);
  return {
    ...Object.fromEntries(Object.entries(draft).filter(([key, value]) => value !== before[key as keyof Editable])),
    ...(Object.keys(parts).length > 0 && { policy: parts }),
  };
}

interface Edit {
  draft: Editable;
  policy: Policy;
  change: (part: Partial<PoolDraft>) => void;
  changePolicy: (part: Partial<Policy>) => void;
  form: {
    changes: Change;
    busy: boolean;
    failure: ReturnType<typeof useSubmit>['failure'];
    submit: ReturnType<typeof useSubmit>['submit'];
    undo: () => void;
  };
}

/** What is edited of a pool and not saved yet. Somebody else's change shows too, except where one is editing. */
function usePoolEdit(pool: Pool): Edit {
  const { t } = useLanguage();
  const client = useQueryClient();
  const toasts = useToasts();
  const [edits, setEdits] = useState<Partial<Editable>>({});
  const [parts, setParts] = useState<Partial<Policy>>({});
  const draft = { ...editable(pool), ...edits };
  const policy = { ...policyOf(pool.policy), ...parts };
  const changes = changesOf(pool, draft, policy);
  const undo = (): void => {
    setEdits({});
    setParts({});
  };
  const { busy, failure, submit } = useSubmit(async () => {
    try {
      client.setQueryData(['pool', 'one', pool.id], await updatePool(pool, changes));
    } catch (error) {
      if (asFailure(error).reason === 'CHANGED') await client.invalidateQueries({ queryKey: ['pool', 'one', pool.id] });
      throw error;
    }
    undo();
    toasts.success(t('pools.saved'));
  });
  return {
    draft,
    policy,
    change: (part) => setEdits((before) => ({ ...before, ...part })),
    changePolicy: (part) => setParts((before) => ({ ...before, ...part })),
    form: { changes, busy, failure, submit, undo },
  };
}

function Save({ form: { changes, busy, failure, undo }, valid = true }: Pick<Edit, 'form'> & { valid?: boolean }) {
  const { t } = useLanguage();
  const changed = Object.keys(changes).length > 0;
  const machines = ['memoryMib', 'vcpus', 'width', 'height'].some((key) => key in changes);
  return (
    <div className="oriel-save" data-changed={changed}>
      {failure && <FailureAlert failure={failure} />}
      {machines && <p className="oriel-subtle">{t('pools.machinesFollow')}</p>}
      <ActionGroup>
        <Button type="submit" isLoading={busy} isDisabled={busy || !changed || !valid}>
          {t('action.save')}
        </Button>
        {changed && (
          <Button variant="link" onClick={undo}>
            {t('action.undo')}
          </Button>
        )}
      </ActionGroup>
    </div>
  );
}

/** Everything about a pool that can be changed, but its calendar and its version. Machines follow as they become free. */
export function PoolSettings({ pool }: { pool: Pool }) {
  const { t } = useLanguage();
  const { draft, policy, change, changePolicy, form } = usePoolEdit(pool);
  const edit: PolicyEdit = { policy, change: changePolicy, pool: draft, exists: true };
  return (
    <Form className="oriel-settings" onSubmit={(event) => void form.submit(event)} aria-label={t('pools.settings')}>
      <div className="oriel-settings__columns">
        <FormSection title={t('pools.general')} titleElement="h2">
          <FormGroup label={t('wizard.displayName')} fieldId="pool-display-name">
            <TextInput id="pool-display-name" maxLength={120} value={draft.displayName} onChange={(_, displayName) => change({ displayName })} />
          </FormGroup>
          <FormGroup label={t('wizard.description')} fieldId="pool-description">
            <TextArea
              id="pool-description"
              rows={2}
              maxLength={1000}
              resizeOrientation="vertical"
              value={draft.description}
              onChange={(_, description) => change({ description })}
            />
          </FormGroup>
          <Switch id="pool-enabled" label={t('pools.enabled')} isChecked={draft.enabled} onChange={(_, enabled) => change({ enabled })} />
        </FormSection>
        <PolicySections
          where={{ part: 'settings' }}
          edit={edit}
          before={{
            capacity: <CapacityFields draft={draft} change={change} />,
            machine: <MachineFields draft={draft} change={change} />,
          }}
        />
      </div>
      <Save form={form} valid={draft.displayName.trim() !== ''} />
    </Form>
  );
}

/** When a pool is open, and how many spares it has when. */
export function PoolCalendar({ pool }: { pool: Pool }) {
  const { t } = useLanguage();
  const { draft, policy, changePolicy, form } = usePoolEdit(pool);
  return (
    <Form className="oriel-settings" onSubmit={(event) => void form.submit(event)} aria-label={t('schedule.title')}>
      <PolicySections where={{ part: 'calendar' }} edit={{ policy, change: changePolicy, pool: draft, exists: true }} />
      <Save form={form} />
    </Form>
  );
}
