import { Breadcrumb, BreadcrumbItem, Card, CardBody, CardTitle, DescriptionList, DescriptionListDescription, DescriptionListGroup, DescriptionListTerm, Skeleton } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from 'react-router';
import { asFailure } from '../api/failure';
import { FailurePage } from '../app/FailurePage';
import { useLanguage } from '../i18n/language';
import { hasRight, useMe } from '../identity/identity';
import { AdminPage } from './AdminPage';
import { pool as readPool } from './api';
import { Capacity } from './Capacity';
import { EntitlementsCard } from './EntitlementsCard';
import { MachinesCard } from './MachinesCard';
import { PoolSettings } from './PoolSettings';
import { PoolState } from './PoolsPage';

export function PoolPage() {
  const { t, date } = useLanguage();
  const { poolId = '' } = useParams();
  const me = useMe();
  const query = useQuery({ queryKey: ['pool', poolId], queryFn: () => readPool(poolId) });
  const pool = query.data;

  return (
    <AdminPage title={pool?.displayName ?? poolId}>
      <Breadcrumb className="oriel-admin__crumbs">
        <BreadcrumbItem render={({ className }) => <Link className={className} to="/admin/pools">{t('admin.pools')}</Link>} />
        <BreadcrumbItem isActive>{poolId}</BreadcrumbItem>
      </Breadcrumb>
      {query.error && !pool ? (
        <FailurePage failure={asFailure(query.error)} retry={() => void query.refetch()} />
      ) : (
        <div className="oriel-admin__grid">
          <Card>
            <CardTitle component="h2">{t('pools.overview')}</CardTitle>
            <CardBody>
              {pool ? (
                <DescriptionList isCompact>
                  {(
                    [
                      ['pools.state', <PoolState key="state" pool={pool} />],
                      ['pools.capacity', <Capacity key="capacity" pool={pool} />],
                      ['pools.queued', pool.counts.queued],
                      ['pools.image', t('images.nameAndVersion', { name: pool.image, version: pool.imageVersion })],
                      ['pools.machine', t('pools.machineSize', { vcpus: pool.vcpus, memory: pool.memoryMib, width: pool.width, height: pool.height })],
                      ['pools.created', date(pool.created)],
                    ] as const
                  ).map(([term, description]) => (
                    <DescriptionListGroup key={term}>
                      <DescriptionListTerm>{t(term)}</DescriptionListTerm>
                      <DescriptionListDescription>{description}</DescriptionListDescription>
                    </DescriptionListGroup>
                  ))}
                </DescriptionList>
              ) : (
                <Skeleton height="10rem" screenreaderText={t('state.loading')} />
              )}
            </CardBody>
          </Card>
          {pool && hasRight(me, 'pool.write') && <PoolSettings key={pool.id} pool={pool} />}
          {hasRight(me, 'machine.read') && <MachinesCard poolId={poolId} />}
          <EntitlementsCard poolId={poolId} />
        </div>
      )}
    </AdminPage>
  );
}
