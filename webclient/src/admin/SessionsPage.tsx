import { Label, Switch, type LabelProps } from '@patternfly/react-core';
import type { IAction } from '@patternfly/react-table';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { logoff } from '../api/portal';
import type { Session } from '../api/types';
import { ConfirmDialog, type Confirmation } from '../app/ConfirmDialog';
import { useLanguage } from '../i18n/language';
import { hasRight, useMe } from '../identity/identity';
import { AdminPage } from './AdminPage';
import { sessions } from './api';
import { DataTable } from './DataTable';
import { usePages } from './usePages';

const STATE: Record<Session['state'], Pick<LabelProps, 'status' | 'color'>> = {
  PENDING: { status: 'info' },
  CONNECTED: { status: 'success' },
  DISCONNECTED: { color: 'blue' },
  ENDED: {},
};

export function SessionsPage() {
  const { t, date } = useLanguage();
  const me = useMe();
  const client = useQueryClient();
  const [active, setActive] = useState(true);
  const [ask, setAsk] = useState<Confirmation>();
  const pages = usePages(['session', active], (cursor) => sessions(active, cursor));

  const actions = (session: Session): IAction[] =>
    session.state === 'ENDED'
      ? []
      : [
          {
            title: t('desktop.logOff'),
            isDanger: true,
            onClick: () =>
              setAsk({
                title: t('sessions.logOff.title', { user: session.username, machine: session.machine }),
                text: t('sessions.logOff.text'),
                confirm: t('desktop.logOff'),
                destructive: true,
                act: () =>
                  logoff(session.id).then(() => void client.invalidateQueries({ queryKey: ['session'] })),
              }),
          },
        ];

  return (
    <AdminPage
      title={t('admin.sessions')}
      tools={
        <Switch
          id="sessions-active"
          label={t('sessions.active')}
          isChecked={active}
          onChange={(_, checked) => setActive(checked)}
        />
      }
    >
      <DataTable
        label={t('admin.sessions')}
        pages={pages}
        rowKey={(session) => session.id}
        empty={t('sessions.empty')}
        {...(hasRight(me, 'session.manage') && { actions })}
        columns={[
          { title: t('sessions.user'), cell: (session) => session.username },
          { title: t('sessions.pool'), cell: (session) => session.poolId },
          { title: t('sessions.machine'), cell: (session) => session.machine },
          {
            title: t('sessions.state'),
            cell: (session) => (
              <Label isCompact {...STATE[session.state]}>
                {t(`sessions.state.${session.state}`)}
              </Label>
            ),
          },
          { title: t('sessions.started'), cell: (session) => date(session.started) },
          { title: t('sessions.client'), cell: (session) => session.clientAddress ?? '–' },
        ]}
      />
      {ask && <ConfirmDialog ask={ask} close={() => setAsk(undefined)} />}
    </AdminPage>
  );
}
