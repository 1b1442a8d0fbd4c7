import { Link } from 'react-router';
import { useState } from 'react';
import { useLanguage } from '../../i18n/language';
import { Report } from './Report';
import { idle, type Span } from './reports';

export function Idle({ span }: { span: Span }) {
  const { t, date, duration } = useLanguage();
  const [now] = useState(Date.now);
  return (
    <Report
      name="idle"
      title={t('reports.idle')}
      help={t('reports.idle.help')}
      empty={t('reports.idle.empty')}
      span={span}
      read={idle}
      rowKey={(row) => row.machine}
      columns={() => [
        { title: t('sessions.user'), cell: (row) => <Link to={`/helpdesk/${encodeURIComponent(row.username)}`}>{row.username}</Link>, value: (row) => row.username },
        { title: t('sessions.pool'), cell: (row) => row.poolId, value: (row) => row.poolId },
        { title: t('sessions.machine'), cell: (row) => row.machine, value: (row) => row.machine },
        {
          title: t('reports.since'),
          cell: (row) => `${date(row.since)} (${duration((now - Date.parse(row.since)) / 1000)})`,
          value: (row) => row.since,
        },
      ]}
    />
  );
}
