import { Breadcrumb, BreadcrumbItem, Card, CardBody, CardTitle, Skeleton } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from 'react-router';
import { asFailure } from '../../api/failure';
import { FailurePage } from '../../app/FailurePage';
import { useLanguage } from '../../i18n/language';
import { hasRight, useMe } from '../../identity/identity';
import { AdminPage } from '../AdminPage';
import { pool as readPool } from '../api';
import { Capacity } from './Capacity';
import { EntitlementsCard } from './EntitlementsCard';
import { Facts } from '../Facts';
import { MachinesCard } from '../machine/MachinesCard';
import { PoolQueue } from './PoolQueue';
import { PoolSettings } from './PoolSettings';
import { PoolState } from './PoolState';
import { RowMenu } from '../RowMenu';
import { usePoolActions } from './usePoolActions';

export function PoolPage() {
  const { t, date } = useLanguage();
  const { poolId = '' } = useParams();
  const me = useMe();
  const navigate = useNavigate();
  const query = useQuery({ queryKey: ['pool', poolId], queryFn: () => readPool(poolId) });
  const { actions, dialog } = usePoolActions(() => void navigate('/admin/pools'));
  const pool = query.data;

  return (
    <AdminPage
      title={pool?.displayName ?? poolId}
      crumbs={
        <Breadcrumb className="oriel-admin__crumbs">
          <BreadcrumbItem render={({ className }) => <Link className={className} to="/admin/pools">{t('admin.pools')}</Link>} />
          <BreadcrumbItem isActive>{poolId}</BreadcrumbItem>
        </Breadcrumb>
      }
      tools={pool && actions && <RowMenu name={pool.displayName} items={actions(pool)} />}
    >
      {query.error && !pool ? (
        <FailurePage failure={asFailure(query.error)} retry={() => void query.refetch()} />
      ) : (
        <div className="oriel-admin__grid">
          <div className="oriel-admin__stack">
            <Card>
              <CardTitle component="h2">{t('pools.overview')}</CardTitle>
              <CardBody>
                {pool ? (
                  <Facts
                    facts={[
                      [t('pools.state'), <PoolState key="state" pool={pool} />],
                      [t('wizard.description'), pool.description],
                      [t('pools.capacity'), <Capacity key="capacity" pool={pool} />],
                      [t('pools.image'), t('images.nameAndVersion', { name: pool.image, version: pool.imageVersion })],
                      [
                        t('pools.machine'),
                        t('pools.machineSize', { vcpus: pool.vcpus, memory: pool.memoryMib, width: pool.width, height: pool.height }),
                      ],
                      [t('pools.created'), date(pool.created)],
                    ]}
                  />
                ) : (
                  <Skeleton height="10rem" screenreaderText={t('state.loading')} />
                )}
              </CardBody>
            </Card>
            {pool && pool.counts.queued > 0 && <PoolQueue poolId={poolId} />}
            <EntitlementsCard poolId={poolId} />
          </div>
          {pool && hasRight(me, 'pool.write') && <PoolSettings key={pool.id} pool={pool} />}
          {hasRight(me, 'machine.read') && <MachinesCard poolId={poolId} />}
        </div>
      )}
      {dialog}
    </AdminPage>
  );
}
