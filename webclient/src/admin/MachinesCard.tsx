import { Card, CardBody, CardTitle, Label, type LabelProps } from '@patternfly/react-core';
import type { IAction } from '@patternfly/react-table';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { Machine } from '../api/types';
import { ConfirmDialog, type Confirmation } from '../app/ConfirmDialog';
import { useToasts } from '../app/toasts';
import { useLanguage } from '../i18n/language';
import { hasRight, useMe } from '../identity/identity';
import { maintainMachine, poolMachines, refreshMachine, restartMachine } from './api';
import { DataTable } from './DataTable';
import { usePages } from './usePages';

const LIFECYCLE: Partial<Record<Machine['lifecycle'], LabelProps['status']>> = {
  AVAILABLE: 'success',
  IN_SESSION: 'success',
  ASSIGNED: 'success',
  DIRTY: 'warning',
  MAINTENANCE: 'warning',
  ERROR: 'danger',
  MISSING: 'danger',
};

/** A pool's machines with their three axes of state. The names of states are the field's, in every language. */
export function MachinesCard({ poolId }: { poolId: string }) {
  const { t, date } = useLanguage();
  const me = useMe();
  const client = useQueryClient();
  const toasts = useToasts();
  const [ask, setAsk] = useState<Confirmation>();
  const pages = usePages(['machine', poolId], (cursor) => poolMachines(poolId, cursor));
  const refresh = (): void => void client.invalidateQueries({ queryKey: ['machine'] });

  const actions = (machine: Machine): IAction[] => [
    {
      title: t('machines.restart'),
      onClick: () =>
        setAsk({
          title: t('restart.title', { name: machine.name }),
          text: t('restart.text'),
          confirm: t('machines.restart'),
          destructive: true,
          act: () => restartMachine(machine.name).then(refresh),
        }),
    },
    machine.lifecycle === 'MAINTENANCE' || machine.lifecycle === 'DRAINING'
      ? {
          title: t('machines.back'),
          onClick: () => void maintainMachine(machine.name, false).then(refresh, toasts.failed),
        }
      : {
          title: t('machines.maintain'),
          onClick: () => void maintainMachine(machine.name, true).then(refresh, toasts.failed),
        },
    {
      title: t('machines.refresh'),
      isDanger: true,
      onClick: () =>
        setAsk({
          title: t('machines.refresh.title', { name: machine.name }),
          text: t('machines.refresh.text'),
          confirm: t('machines.refresh'),
          destructive: true,
          act: () => refreshMachine(machine.name).then(refresh),
        }),
    },
  ];

  return (
    <Card className="oriel-admin__wide">
      <CardTitle component="h2">{t('machines.title')}</CardTitle>
      <CardBody>
        <DataTable
          label={t('machines.title')}
          pages={pages}
          rowKey={(machine) => machine.name}
          empty={t('machines.empty')}
          {...(hasRight(me, 'machine.manage') && { actions })}
          columns={[
            { title: t('machines.name'), cell: (machine) => machine.name },
            {
              title: t('machines.lifecycle'),
              cell: (machine) => {
                const status = LIFECYCLE[machine.lifecycle];
                return (
                  <>
                    <Label isCompact {...(status && { status })}>
                      {machine.lifecycle}
                    </Label>
                    {machine.failure && <div className="oriel-failure">{machine.failure}</div>}
                  </>
                );
              },
            },
            { title: t('machines.power'), cell: (machine) => machine.power },
            { title: t('machines.agent'), cell: (machine) => machine.agent },
            { title: t('machines.user'), cell: (machine) => machine.username ?? '–' },
            { title: t('machines.generation'), cell: (machine) => machine.generation },
            { title: t('machines.changed'), cell: (machine) => date(machine.changed) },
          ]}
        />
      </CardBody>
      {ask && <ConfirmDialog ask={ask} close={() => setAsk(undefined)} />}
    </Card>
  );
}
