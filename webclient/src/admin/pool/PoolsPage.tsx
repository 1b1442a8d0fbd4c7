import { Button } from '@patternfly/react-core';
import { Link, useNavigate } from 'react-router';
import { useLanguage } from '../../i18n/language';
import { hasRight, useMe } from '../../identity/identity';
import { AdminPage } from '../AdminPage';
import { pools } from '../api';
import { Capacity } from './Capacity';
import { DataTable } from '../DataTable';
import { PoolState } from './PoolState';
import { usePages } from '../usePages';
import { usePoolActions } from './usePoolActions';

export function PoolsPage() {
  const { t } = useLanguage();
  const me = useMe();
  const navigate = useNavigate();
  const { actions, dialog } = usePoolActions();
  const pages = usePages(['pool'], pools);

  return (
    <AdminPage
      title={t('admin.pools')}
      tools={hasRight(me, 'pool.write') && <Button onClick={() => void navigate('/admin/pools/new')}>{t('pools.create')}</Button>}
    >
      <DataTable
        label={t('admin.pools')}
        pages={pages}
        rowKey={(pool) => pool.id}
        rowName={(pool) => pool.displayName}
        empty={t('pools.empty')}
        {...(actions && { actions })}
        columns={[
          {
            title: t('pools.name'),
            cell: (pool) => (
              <>
                <Link to={`/admin/pools/${encodeURIComponent(pool.id)}`}>{pool.displayName}</Link>
                <br />
                <span className="oriel-subtle">{pool.id}</span>
              </>
            ),
          },
          { title: t('pools.state'), cell: (pool) => <PoolState pool={pool} /> },
          { title: t('pools.capacity'), cell: (pool) => <Capacity pool={pool} /> },
          { title: t('pools.queued'), cell: (pool) => pool.counts.queued },
          { title: t('pools.image'), cell: (pool) => t('images.nameAndVersion', { name: pool.image, version: pool.imageVersion }) },
        ]}
      />
      {dialog}
    </AdminPage>
  );
}
