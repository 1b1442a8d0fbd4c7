import { Link } from 'react-router';
import { Share } from '../../charts/Share';
import { useLanguage } from '../../i18n/language';
import { Report } from './Report';
import { usage, type Span } from './reports';

export function Usage({ span }: { span: Span }) {
  const { t, date, number, duration } = useLanguage();
  return (
    <Report
      name="usage"
      title={t('reports.usage')}
      help={t('reports.usage.help')}
      empty={t('reports.usage.empty')}
      span={span}
      read={usage}
      rowKey={(row) => `${row.username}/${row.poolId}`}
      columns={(rows) => [
        { title: t('sessions.user'), cell: (row) => <Link to={`/admin/users/${encodeURIComponent(row.username)}`}>{row.username}</Link>, value: (row) => row.username },
        { title: t('sessions.pool'), cell: (row) => row.poolId, value: (row) => row.poolId },
        { title: t('admin.sessions'), cell: (row) => number(row.sessions), value: (row) => row.sessions },
        {
          title: t('reports.time'),
          cell: (row) => (
            <Share value={row.seconds} most={Math.max(...rows.map(({ seconds }) => seconds))}>
              {duration(row.seconds)}
            </Share>
          ),
          value: (row) => row.seconds,
        },
        { title: t('reports.last'), cell: (row) => date(row.last), value: (row) => row.last },
      ]}
    />
  );
}
