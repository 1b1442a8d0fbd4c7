import { Alert, Breadcrumb, BreadcrumbItem, Card, CardBody, CardTitle, Skeleton } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from 'react-router';
import { asFailure } from '../../api/failure';
import type { Pool } from '../../api/types';
import { FailurePage } from '../../app/FailurePage';
import { NotFoundPage } from '../../app/NotFoundPage';
import { useLanguage } from '../../i18n/language';
import { hasRight, useMe } from '../../identity/identity';
import { AdminPage } from '../AdminPage';
import { pool as readPool } from '../api';
import { Facts } from '../Facts';
import { MachinesCard } from '../machine/MachinesCard';
import { PageTabs } from '../PageTabs';
import { RowMenu } from '../RowMenu';
import { Capacity } from './Capacity';
import { EntitlementsCard } from './EntitlementsCard';
import { policyOf } from './policy';
import { PolicyFacts } from './PolicyFacts';
import { PoolQueue } from './PoolQueue';
import { isUnderWay, PoolRollout, PushProgress } from './PoolRollout';
import { PoolCalendar, PoolSettings } from './PoolSettings';
import { PoolState } from './PoolState';
import { usePoolActions } from './usePoolActions';

const TABS = ['overview', 'settings', 'calendar', 'version', 'people'] as const;
type TabKey = (typeof TABS)[number];

export function PoolPage() {
  const { t } = useLanguage();
  const { poolId = '', tab = 'overview' } = useParams();
  const me = useMe();
  const navigate = useNavigate();
  const query = useQuery({ queryKey: ['pool', 'one', poolId], queryFn: () => readPool(poolId) });
  const { actions, dialog } = usePoolActions(() => void navigate('/admin/pools'));
  const pool = query.data;
  const shown = TABS.filter((key) => (key !== 'settings' && key !== 'calendar') || hasRight(me, 'pool.write'));
  const active = shown.find((key) => key === tab);
  if (!active) return <NotFoundPage />;
  const base = `/admin/pools/${encodeURIComponent(poolId)}`;

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
      <PageTabs
        label={t('pools.parts')}
        active={active}
        tabs={shown.map((key) => ({ key, title: t(`pools.tab.${key}`), path: key === 'overview' ? base : `${base}/${key}` }))}
      />
      {query.error && !pool ? (
        <FailurePage failure={asFailure(query.error)} retry={() => void query.refetch()} />
      ) : !pool ? (
        <Skeleton height="20rem" screenreaderText={t('state.loading')} />
      ) : (
        <Part active={active} pool={pool} />
      )}
      {dialog}
    </AdminPage>
  );
}

function Part({ active, pool }: { active: TabKey; pool: Pool }) {
  switch (active) {
    case 'overview':
      return <Overview pool={pool} />;
    case 'settings':
      return <PoolSettings key={pool.id} pool={pool} />;
    case 'calendar':
      return <PoolCalendar key={pool.id} pool={pool} />;
    case 'version':
      return <PoolRollout pool={pool} />;
    case 'people':
      return <EntitlementsCard poolId={pool.id} />;
  }
}

function Overview({ pool }: { pool: Pool }) {
  const { t, date } = useLanguage();
  const me = useMe();
  return (
    <div className="oriel-admin__grid">
      {pool.restrainedUntil && pool.state === 'RESTRAINED' && (
        <Alert
          className="oriel-admin__wide"
          isInline
          variant="warning"
          component="p"
          title={t('pools.restrained', { time: date(pool.restrainedUntil) })}
        />
      )}
      <Card>
        <CardTitle component="h2">{t('pools.now')}</CardTitle>
        <CardBody>
          <Facts
            facts={[
              [t('pools.state'), <span key="state"><PoolState pool={pool} /> {!pool.open && t('pools.closedNow')}</span>],
              [t('wizard.description'), pool.description],
              [t('pools.capacity'), <Capacity key="capacity" pool={pool} />],
              [t('pools.warm'), pool.warmNow === pool.warm ? pool.warm : t('pools.warmNow', { now: pool.warmNow, else: pool.warm })],
              [t('pools.image'), t('images.nameAndVersion', { name: pool.image, version: pool.imageVersion })],
              [t('pools.machine'), t('pools.machineSize', { vcpus: pool.vcpus, memory: pool.memoryMib, width: pool.width, height: pool.height })],
              [t('pools.created'), date(pool.created)],
            ]}
          />
          {isUnderWay(pool.push) && <PushProgress pool={pool} push={pool.push} />}
        </CardBody>
      </Card>
      <div className="oriel-admin__stack">
        <Card>
          <CardTitle component="h2">{t('policy.title')}</CardTitle>
          <CardBody>
            <PolicyFacts policy={policyOf(pool.policy)} vlan={pool.vlan} />
          </CardBody>
        </Card>
        {pool.counts.queued > 0 && <PoolQueue poolId={pool.id} />}
      </div>
      {hasRight(me, 'machine.read') && <MachinesCard poolId={pool.id} />}
    </div>
  );
}
