import { Alert, Breadcrumb, BreadcrumbItem, Card, CardBody, CardTitle, Skeleton } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from 'react-router';
import { asFailure } from '../../api/failure';
import { FailurePage } from '../../app/FailurePage';
import { useLanguage } from '../../i18n/language';
import { hasRight, useMe } from '../../identity/identity';
import { LiveCharts } from '../../helpdesk/LiveCharts';
import { MachineScreen } from '../../machines/MachineScreen';
import { AdminPage } from '../AdminPage';
import { machine as readMachine } from '../api';
import { Facts } from '../Facts';
import { LifecycleLabel } from './machineState';
import { OperationsTable } from '../OperationsTable';
import { RowMenu } from '../RowMenu';
import { useMachineActions } from './useMachineActions';

/** One machine: its state, whose it is, and what was done to it. */
export function MachinePage() {
  const { t, date } = useLanguage();
  const { machineName = '' } = useParams();
  const me = useMe();
  const query = useQuery({ queryKey: ['machine', 'one', machineName], queryFn: () => readMachine(machineName) });
  const { actions, dialog } = useMachineActions();
  const machine = query.data;

  return (
    <AdminPage
      title={machineName}
      crumbs={
        <Breadcrumb className="oriel-admin__crumbs">
          <BreadcrumbItem
            render={({ className }) => (
              <Link className={className} to="/admin/machines">
                {t('admin.machines')}
              </Link>
            )}
          />
          <BreadcrumbItem isActive>{machineName}</BreadcrumbItem>
        </Breadcrumb>
      }
      tools={machine && actions && <RowMenu name={machine.name} items={actions(machine)} />}
    >
      {query.error && !machine ? (
        <FailurePage failure={asFailure(query.error)} retry={() => void query.refetch()} />
      ) : !machine ? (
        <Skeleton height="12rem" screenreaderText={t('state.loading')} />
      ) : (
        <div className="oriel-admin__grid">
          {machine.failure && (
            <Alert className="oriel-admin__wide" isInline variant="danger" component="p" title={t('machines.problem')}>
              {machine.failure}
            </Alert>
          )}
          {hasRight(me, 'machine.screen') && machine.power === 'ON' && (
            <Card>
              <CardTitle component="h2">{t('machines.screen')}</CardTitle>
              <CardBody>
                <MachineScreen
                  key={machine.username ?? ''}
                  machine={machine.name}
                  private={machine.username !== undefined && machine.username !== me.username}
                  changed={machine.changed}
                />
              </CardBody>
            </Card>
          )}
          <Card {...(machine.power !== 'ON' && { className: 'oriel-admin__wide' })}>
            <CardTitle component="h2">{t('machines.state')}</CardTitle>
            <CardBody>
              <Facts
                columns={2}
                facts={[
                  [t('machines.lifecycle'), <LifecycleLabel key="lifecycle" machine={machine} />],
                  [t('machines.power'), t(`power.${machine.power}`)],
                  [t('machines.agent'), t(`agent.${machine.agent}`)],
                  [t('machines.user'), machine.username ? <Link key="user" to={`/helpdesk/${machine.username}`}>{machine.username}</Link> : t('machines.nobody')],
                  [t('sessions.pool'), <Link key="pool" to={`/admin/pools/${machine.poolId}`}>{machine.poolId}</Link>],
                  [t('pools.image'), t('images.nameAndVersion', { name: machine.image, version: machine.imageVersion })],
                  [t('machines.host'), machine.host],
                  [t('machines.generation'), machine.generation],
                  [t('machines.changed'), date(machine.changed)],
                ]}
              />
            </CardBody>
          </Card>
          {machine.power === 'ON' && (
            <Card className="oriel-admin__wide">
              <CardTitle component="h2">{t('figures.title')}</CardTitle>
              <CardBody>
                <LiveCharts of="machines" id={machine.name} changed={machine.power} />
              </CardBody>
            </Card>
          )}
          {hasRight(me, 'operation.read') && (
            <Card className="oriel-admin__wide">
              <CardTitle component="h2">{t('admin.operations')}</CardTitle>
              <CardBody>
                <OperationsTable filter={{ machine: machineName }} />
              </CardBody>
            </Card>
          )}
        </div>
      )}
      {dialog}
    </AdminPage>
  );
}
