import { ActionGroup, Button, Card, CardBody, CardTitle, Form, FormGroup, Switch, TextArea, TextInput } from '@patternfly/react-core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type SyntheticEvent } from 'react';
import { asFailure, type Failure } from '../../api/failure';
import type { Pool } from '../../api/types';
import { FailureAlert } from '../../app/FailureAlert';
import { useToasts } from '../../app/toasts';
import { useLanguage } from '../../i18n/language';
import { hasRight, useMe } from '../../identity/identity';
import { images, updatePool } from '../api';
import type { PoolDraft } from './poolDraft';
import { CapacityFields, ImageFields, MachineFields } from './PoolFields';

type Editable = Omit<PoolDraft, 'id' | 'image'>;

function editable(pool: Pool): Editable {
  const { displayName, description = '', imageVersion, size, warm, memoryMib, vcpus, width, height, enabled } = pool;
  return { displayName, description, imageVersion, size, warm, memoryMib, vcpus, width, height, enabled };
}

/** What differs from the pool as it is: only that is sent, so that nobody's other change is undone. */
export function changesOf(pool: Pool, draft: Editable): Partial<Editable> {
  const before = editable(pool);
  return Object.fromEntries(
    Object.entries(draft).filter(([key, value]) => value !== before[key as keyof Editable]),
  );
}

/** Everything about a pool that can be changed. Machines follow as they become free. */
export function PoolSettings({ pool }: { pool: Pool }) {
  const { t } = useLanguage();
  const me = useMe();
  const client = useQueryClient();
  const toasts = useToasts();
  const [edits, setEdits] = useState<Partial<Editable>>({});
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Failure>();
  const known = useQuery({ queryKey: ['image', 'for-pool'], queryFn: () => images(), enabled: hasRight(me, 'image.read') });
  // Somebody else's change shows here too, except where one is editing.
  const draft = { ...editable(pool), ...edits };
  const changes = changesOf(pool, draft);
  const changed = Object.keys(changes).length > 0;
  const change = (part: Partial<PoolDraft>): void => setEdits((before) => ({ ...before, ...part }));
  const machineChanges = ['imageVersion', 'memoryMib', 'vcpus', 'width', 'height'].some((key) => key in changes);

  const submit = async (event: SyntheticEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setFailure(undefined);
    try {
      const after = await updatePool(pool, changes);
      client.setQueryData(['pool', pool.id], after);
      setEdits({});
      toasts.success(t('pools.saved'));
    } catch (error) {
      setFailure(asFailure(error));
      void client.invalidateQueries({ queryKey: ['pool'] });
    } finally {
      setBusy(false);
    }
  };

  return (
    <Card>
      <CardTitle component="h2">{t('pools.settings')}</CardTitle>
      <CardBody>
        <Form onSubmit={(event) => void submit(event)}>
          {failure && <FailureAlert failure={failure} />}
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
          <CapacityFields draft={draft} change={change} />
          {known.data && <ImageFields draft={{ ...draft, image: pool.image }} change={change} images={known.data.items} fixed />}
          <MachineFields draft={draft} change={change} />
          <Switch
            id="pool-enabled"
            label={t('pools.enabled')}
            isChecked={draft.enabled}
            onChange={(_, enabled) => change({ enabled })}
          />
          {machineChanges && <p className="oriel-subtle">{t('pools.machinesFollow')}</p>}
          <ActionGroup>
            <Button type="submit" isLoading={busy} isDisabled={busy || !changed || draft.displayName.trim() === ''}>
              {t('action.save')}
            </Button>
            {changed && (
              <Button variant="link" onClick={() => setEdits({})}>
                {t('action.undo')}
              </Button>
            )}
          </ActionGroup>
        </Form>
      </CardBody>
    </Card>
  );
}
