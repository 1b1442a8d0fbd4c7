import { useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import type { Grant } from '../../api/types';
import { ConfirmDialog, type Confirmation } from '../../app/ConfirmDialog';
import { useLanguage } from '../../i18n/language';
import { hasRight, useMe } from '../../identity/identity';
import { takeRole } from '../api';
import type { MenuItem } from '../RowMenu';

interface GrantActions {
  /** Undefined for people who may not give roles. */
  actions: ((grant: Grant) => MenuItem[]) | undefined;
  dialog: ReactNode;
}

export function useGrantActions(): GrantActions {
  const { t } = useLanguage();
  const me = useMe();
  const client = useQueryClient();
  const [ask, setAsk] = useState<Confirmation>();
  const actions = (grant: Grant): MenuItem[] => [
    {
      title: t('grants.take'),
      isDanger: true,
      onClick: () =>
        setAsk({
          title: t('grants.take.title', { role: t(`role.${grant.role}`), name: grant.subject }),
          text: t('grants.take.text'),
          confirm: t('grants.take'),
          destructive: true,
          act: () => takeRole(grant.id).then(() => client.invalidateQueries({ queryKey: ['grant'] })),
        }),
    },
  ];
  return {
    actions: hasRight(me, 'role.write') ? actions : undefined,
    dialog: ask && <ConfirmDialog ask={ask} close={() => setAsk(undefined)} />,
  };
}
