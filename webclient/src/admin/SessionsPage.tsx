import { Switch } from '@patternfly/react-core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useNavigate } from 'react-router';
import { logoff } from '../api/portal';
import type { Session } from '../api/types';
import { ConfirmDialog, type Confirmation } from '../app/ConfirmDialog';
import { useLanguage } from '../i18n/language';
import { hasRight, isHelper, useMe } from '../identity/identity';
import { SessionState } from '../helpdesk/SessionState';
import { AdminPage } from './AdminPage';
import { sessions } from './api';
import { DataTable } from './DataTable';
import type { MenuItem } from './RowMenu';
import { usePages } from './usePages';

export function SessionsPage() {
  const { t, date } = useLanguage();
  const me = useMe();
  const client = useQueryClient();
  const navigate = useNavigate();
  const [active, setActive] = useState(true);
  const [ask, setAsk] = useState<Confirmation>();
  const pages = usePages(['session', active], (cursor) => sessions(active, cursor));

  const recorded = (session: Session): MenuItem[] =>
    hasRight(me, 'recording.read')
      ? [{ title: t('recordings.open'), onClick: () => void navigate(`/admin/recordings?session=${session.id}`) }]
      : [];

  const actions = (session: Session): MenuItem[] =>
    session.state === 'ENDED' || !hasRight(me, 'session.manage')
      ? recorded(session)
      : [
          ...recorded(session),
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
        rowName={(session) => session.machine}
        empty={t('sessions.empty')}
        {...((hasRight(me, 'session.manage') || hasRight(me, 'recording.read')) && { actions })}
        columns={[
          {
            title: t('sessions.user'),
            cell: (session) =>
              isHelper(me) ? <Link to={`/helpdesk/${session.username}`}>{session.username}</Link> : session.username,
          },
          { title: t('sessions.pool'), cell: (session) => session.poolId },
          {
            title: t('sessions.machine'),
            cell: (session) =>
              hasRight(me, 'machine.read') ? <Link to={`/admin/machines/${session.machine}`}>{session.machine}</Link> : session.machine,
          },
          {
            title: t('sessions.state'),
            cell: (session) => (
              <SessionState session={session} />
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
