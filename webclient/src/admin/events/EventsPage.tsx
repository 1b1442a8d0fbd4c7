import { FormSelect, FormSelectOption, Switch } from '@patternfly/react-core';
import { useMemo, useState } from 'react';
import { Link } from 'react-router';
import type { Change } from '../../api/events';
import { useLanguage } from '../../i18n/language';
import { AdminPage } from '../AdminPage';
import { VirtualTable, type VirtualColumn } from '../VirtualTable';
import type { LoggedChange } from './eventLog';
import { useEventLog } from './EventLogProvider';

const KINDS = ['machine', 'session', 'operation', 'pool', 'image', 'snapshot', 'user', 'entitlement', 'host'] as const satisfies readonly Change['kind'][];

/** Where what changed can be looked at. */
function place({ kind, id, poolId }: LoggedChange): string | undefined {
  switch (kind) {
    case 'host':
      return '/admin/hosts';
    case 'machine':
      return `/admin/machines/${encodeURIComponent(id)}`;
    case 'pool':
      return `/admin/pools/${encodeURIComponent(id)}`;
    case 'image':
      return '/admin/images';
    case 'operation':
      return '/admin/operations';
    case 'session':
      return '/admin/sessions';
    case 'user':
      return `/admin/users/${encodeURIComponent(id)}`;
    case 'entitlement':
      return poolId && `/admin/pools/${encodeURIComponent(poolId)}/people`;
    case 'snapshot':
      return undefined;
  }
}

export function EventsPage() {
  const { t, n, date } = useLanguage();
  const log = useEventLog();
  const [kind, setKind] = useState('');
  const [held, setHeld] = useState<readonly LoggedChange[]>();
  const rows = (held ?? log).filter((entry) => kind === '' || entry.kind === kind);
  const waiting = held ? log.filter((entry) => !held.includes(entry)).length : 0;

  const columns = useMemo<VirtualColumn<LoggedChange>[]>(
    () => [
      { id: 'time', title: t('audit.time'), width: 'minmax(9rem, 1fr)', cell: (entry) => date(new Date(entry.at).toISOString()) },
      { id: 'kind', title: t('events.kind'), width: 'minmax(6rem, 0.7fr)', cell: (entry) => t(`events.kind.${entry.kind}`), sort: (entry) => entry.kind },
      { id: 'what', title: t('events.what'), width: 'minmax(8rem, 2fr)', cell: (entry) => <What entry={entry} /> },
      {
        id: 'pool',
        title: t('sessions.pool'),
        width: 'minmax(6rem, 1fr)',
        cell: (entry) => (entry.poolId ? <Link to={`/admin/pools/${encodeURIComponent(entry.poolId)}`}>{entry.poolId}</Link> : '–'),
        sort: (entry) => entry.poolId ?? '',
      },
      { id: 'times', title: t('events.count'), width: 'minmax(6rem, 0.7fr)', cell: (entry) => n('events.times', entry.times), sort: (entry) => entry.times },
    ],
    [t, n, date],
  );

  return (
    <AdminPage
      title={t('admin.events')}
      tools={
        <>
          <Switch id="events-pause" label={t('events.pause')} isChecked={held !== undefined} onChange={(_, on) => setHeld(on ? log : undefined)} />
          <FormSelect aria-label={t('events.kind')} value={kind} onChange={(_, value) => setKind(value)}>
            <FormSelectOption value="" label={t('events.any')} />
            {KINDS.map((choice) => (
              <FormSelectOption key={choice} value={choice} label={t(`events.kind.${choice}`)} />
            ))}
          </FormSelect>
        </>
      }
    >
      <p className="oriel-subtle oriel-admin__note">
        {t('events.explained')} <span role="status">{waiting > 0 && n('events.held', waiting)}</span>
      </p>
      <VirtualTable
        label={t('admin.events')}
        rows={rows}
        rowKey={(entry) => String(entry.key)}
        columns={columns}
        empty={t(kind === '' ? 'events.waiting' : 'events.noneFits')}
        compact={(entry) => (
          <>
            <span>
              {t(`events.kind.${entry.kind}`)} <What entry={entry} />
            </span>
            <span className="oriel-subtle">
              {date(new Date(entry.at).toISOString())}, {n('events.times', entry.times)}
            </span>
          </>
        )}
      />
    </AdminPage>
  );
}

function What({ entry }: { entry: LoggedChange }) {
  const to = place(entry);
  return to ? <Link to={to}>{entry.id}</Link> : entry.id;
}
