import { useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import type { Pool } from '../../api/types';
import { ConfirmDialog, type Confirmation } from '../../app/ConfirmDialog';
import { useToasts } from '../../app/toasts';
import { useLanguage } from '../../i18n/language';
import { hasRight, useMe } from '../../identity/identity';
import type { MenuItem } from '../RowMenu';
import { deletePool, updatePool } from '../api';

interface PoolActions {
  /** Undefined for people who may not change pools. */
  actions: ((pool: Pool) => MenuItem[]) | undefined;
  dialog: ReactNode;
}

/** What can be done with a pool besides its settings. */
export function usePoolActions(deleted?: () => void): PoolActions {
  const { t, n } = useLanguage();
  const me = useMe();
  const client = useQueryClient();
  const toasts = useToasts();
  const [ask, setAsk] = useState<Confirmation>();
  const refresh = (): void => void client.invalidateQueries({ queryKey: ['pool'] });

  const actions = (pool: Pool): MenuItem[] => [
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
    { isSeparator: true },
    {
      title: t('pools.delete'),
      isDanger: true,
      isAriaDisabled: pool.state === 'DELETING',
      onClick: () =>
        setAsk({
          title: t('pools.delete.title', { name: pool.displayName }),
          text: n('pools.delete.text', pool.counts.machines),
          confirm: t('pools.delete'),
          destructive: true,
          typed: pool.id,
          act: async () => {
            await deletePool(pool.id);
            refresh();
            toasts.success(t('pools.deleted', { name: pool.displayName }));
            deleted?.();
          },
        }),
    },
  ];

  return {
    actions: hasRight(me, 'pool.write') ? actions : undefined,
    dialog: ask && <ConfirmDialog ask={ask} close={() => setAsk(undefined)} />,
  };
}
