import { ActionGroup, Button, Card, CardBody, CardTitle, Form, FormGroup, FormHelperText, HelperText, HelperTextItem, NumberInput, Switch } from '@patternfly/react-core';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState, type SyntheticEvent } from 'react';
import { asFailure, type Failure } from '../api/failure';
import type { Pool } from '../api/types';
import { FailureAlert } from '../app/FailureAlert';
import { useToasts } from '../app/toasts';
import { useLanguage } from '../i18n/language';
import { updatePool } from './api';

const MOST_MACHINES = 1000;

function bounded(value: number): number {
  return Number.isFinite(value) ? Math.min(MOST_MACHINES, Math.max(0, Math.round(value))) : 0;
}

/** Size, spares and the switch of a pool. */
export function PoolSettings({ pool }: { pool: Pool }) {
  const { t } = useLanguage();
  const client = useQueryClient();
  const toasts = useToasts();
  const [size, setSize] = useState(pool.size);
  const [warm, setWarm] = useState(pool.warm);
  const [enabled, setEnabled] = useState(pool.enabled);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Failure>();
  const changed = size !== pool.size || warm !== pool.warm || enabled !== pool.enabled;

  // Somebody else's change shows here too.
  useEffect(() => {
    setSize(pool.size);
    setWarm(pool.warm);
    setEnabled(pool.enabled);
  }, [pool.size, pool.warm, pool.enabled]);

  const submit = async (event: SyntheticEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setFailure(undefined);
    try {
      const after = await updatePool(pool, { size, warm, enabled });
      client.setQueryData(['pool', pool.id], after);
      toasts.success(t('pools.saved'));
    } catch (error) {
      setFailure(asFailure(error));
      void client.invalidateQueries({ queryKey: ['pool'] });
    } finally {
      setBusy(false);
    }
  };

  const number = (id: string, label: string, help: string, value: number, set: (value: number) => void) => (
    <FormGroup label={label} fieldId={id}>
      <NumberInput
        inputProps={{ id, 'aria-describedby': `${id}-help` }}
        inputAriaLabel={label}
        minusBtnAriaLabel={t('number.less', { name: label })}
        plusBtnAriaLabel={t('number.more', { name: label })}
        min={0}
        max={MOST_MACHINES}
        widthChars={4}
        value={value}
        onMinus={() => set(bounded(value - 1))}
        onPlus={() => set(bounded(value + 1))}
        onChange={(event) => set(bounded(Number(event.currentTarget.value)))}
      />
      <FormHelperText>
        <HelperText id={`${id}-help`}>
          <HelperTextItem>{help}</HelperTextItem>
        </HelperText>
      </FormHelperText>
    </FormGroup>
  );

  return (
    <Card>
      <CardTitle component="h2">{t('pools.settings')}</CardTitle>
      <CardBody>
        <Form onSubmit={(event) => void submit(event)}>
          {failure && <FailureAlert failure={failure} />}
          {number('pool-size', t('pools.size'), t('pools.sizeHelp'), size, setSize)}
          {number('pool-warm', t('pools.warm'), t('pools.warmHelp'), warm, setWarm)}
          <Switch
            id="pool-enabled"
            label={t('pools.enabled')}
            isChecked={enabled}
            onChange={(_, checked) => setEnabled(checked)}
          />
          <ActionGroup>
            <Button type="submit" isLoading={busy} isDisabled={busy || !changed}>
              {t('action.save')}
            </Button>
          </ActionGroup>
        </Form>
      </CardBody>
    </Card>
  );
}
