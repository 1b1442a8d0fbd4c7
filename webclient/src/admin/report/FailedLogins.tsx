import { Link } from 'react-router';
import { Share } from '../../charts/Share';
import { useLanguage } from '../../i18n/language';
import { Report } from './Report';
import { failedLogins, type Span } from './reports';

export function FailedLogins({ span }: { span: Span }) {
  const { t, date, number } = useLanguage();
  return (
    <Report
      name="failed-logins"
      title={t('reports.failed-logins')}
      help={t('reports.failed-logins.help')}
      empty={t('reports.failed-logins.empty')}
      span={span}
      read={failedLogins}
      rowKey={(row) => `${row.username}/${row.address}`}
      columns={(rows) => [
        { title: t('signIn.username'), cell: (row) => row.username, value: (row) => row.username },
        { title: t('audit.address'), cell: (row) => row.address, value: (row) => row.address },
        {
          title: t('reports.refused'),
          cell: (row) => (
            <Share value={row.count} most={Math.max(...rows.map(({ count }) => count))}>
              {number(row.count)}
            </Share>
          ),
          value: (row) => row.count,
        },
        { title: t('reports.last'), cell: (row) => date(row.last), value: (row) => row.last },
        {
          title: t('admin.audit'),
          cell: (row) => <Link to={`/admin/audit?action=login&outcome=REFUSED&actor=${encodeURIComponent(row.username)}`}>{t('reports.records')}</Link>,
          value: () => '',
        },
      ]}
    />
  );
}
