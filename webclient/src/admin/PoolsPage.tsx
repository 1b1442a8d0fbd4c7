import { Label } from '@patternfly/react-core';
import type { IAction } from '@patternfly/react-table';
import { useQueryClient } from '@tanstack/react-query';
import { Link } from 'react-router';
import { useState } from 'react';
import type { Pool } from '../api/types';
import { ConfirmDialog, type Confirmation } from '../app/ConfirmDialog';
import { useToasts } from '../app/toasts';
import { useLanguage } from '../i18n/language';
import { hasRight, useMe } from '../identity/identity';
import { AdminPage } from './AdminPage';
import { pools, updatePool } from './api';
import { Capacity } from './Capacity';
import { DataTable } from './DataTable';
import { usePages } from './usePages';

export function PoolsPage() {
  const { t } = useLanguage();
  const me = useMe();
  const client = useQueryClient();
  const toasts = useToasts();
  const [ask, setAsk] = useState<Confirmation>();
  const pages = usePages(['pool'], pools);
  const refresh = (): void => void client.invalidateQueries({ queryKey: ['pool'] });

  const actions = (pool: Pool): IAction[] => [
    pool.enabled && pool.state !== 'RESTRAINED'
      ? {
          title: t('pools.disable'),
          onClick: () =>
            setAsk({
              title: t('pools.disable.title', { name: pool.displayName }),
              text: t('pools.disable.text'),
              confirm: t('pools.disable'),
              destructive: true,
              act: () => updatePool(pool, { enabled: false }).then(refresh),
            }),
        }
      : {
          title: t('pools.enable'),
          onClick: () => void updatePool(pool, { enabled: true }).then(refresh, toasts.failed),
        },
  ];

  return (
    <AdminPage title={t('admin.pools')}>
      <DataTable
        label={t('admin.pools')}
        pages={pages}
        rowKey={(pool) => pool.id}
        empty={t('pools.empty')}
        {...(hasRight(me, 'pool.write') && { actions })}
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
      {ask && <ConfirmDialog ask={ask} close={() => setAsk(undefined)} />}
    </AdminPage>
  );
}

const POOL_STATUS = { ACTIVE: 'success', RESTRAINED: 'warning' } as const;

export function PoolState({ pool }: { pool: Pool }) {
  const { t } = useLanguage();
  const status = pool.state in POOL_STATUS ? POOL_STATUS[pool.state as keyof typeof POOL_STATUS] : undefined;
  return (
    <Label isCompact {...(status && { status })}>
      {t(`pools.state.${pool.state}`)}
    </Label>
  );
}
