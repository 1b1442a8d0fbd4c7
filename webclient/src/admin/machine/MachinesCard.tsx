import { Card, CardBody, CardTitle } from '@patternfly/react-core';
import { Link } from 'react-router';
import { useLanguage } from '../../i18n/language';
import { poolMachines } from '../api';
import { DataTable } from '../DataTable';
import { LifecycleLabel } from './machineState';
import { useMachineActions } from './useMachineActions';
import { usePages } from '../usePages';

/** A pool's machines with their three axes of state. */
export function MachinesCard({ poolId }: { poolId: string }) {
  const { t, date } = useLanguage();
  const { actions, dialog } = useMachineActions();
  const pages = usePages(['machine', poolId], (cursor) => poolMachines(poolId, cursor));

  return (
    <Card className="oriel-admin__wide">
      <CardTitle component="h2">{t('machines.title')}</CardTitle>
      <CardBody>
        <DataTable
          label={t('machines.title')}
          pages={pages}
          rowKey={(machine) => machine.name}
          empty={t('machines.empty')}
          {...(actions && { actions })}
          columns={[
            {
              title: t('machines.name'),
              cell: (machine) => <Link to={`/admin/machines/${machine.name}`}>{machine.name}</Link>,
            },
            {
              title: t('machines.lifecycle'),
              cell: (machine) => (
                <>
                  <LifecycleLabel machine={machine} />
                  {machine.failure && <div className="oriel-failure">{machine.failure}</div>}
                </>
              ),
            },
            { title: t('machines.power'), cell: (machine) => t(`power.${machine.power}`) },
            { title: t('machines.agent'), cell: (machine) => t(`agent.${machine.agent}`) },
            { title: t('machines.user'), cell: (machine) => machine.username ?? '–' },
            { title: t('machines.generation'), cell: (machine) => machine.generation },
            { title: t('machines.changed'), cell: (machine) => date(machine.changed) },
          ]}
        />
      </CardBody>
      {dialog}
    </Card>
  );
}
