import { Link } from 'react-router';
import { useLanguage } from '../../i18n/language';
import { Report } from './Report';
import { sprawl, type Span, type SprawlRow } from './reports';

/** The page on which something can be done about it. Snapshots are `machine/label`, versions `image:number`. */
function place({ kind, id }: SprawlRow): string {
  switch (kind) {
    case 'pool':
      return `/admin/pools/${encodeURIComponent(id)}`;
    case 'machine':
      return `/admin/machines/${encodeURIComponent(id)}`;
    case 'snapshot':
      return `/admin/machines/${encodeURIComponent(id.split('/')[0] ?? '')}`;
    case 'image':
      return '/admin/images';
  }
}

export function Sprawl({ span }: { span: Span }) {
  const { t, date } = useLanguage();
  return (
    <Report
      name="sprawl"
      title={t('reports.sprawl')}
      help={t('reports.sprawl.help')}
      empty={t('reports.sprawl.empty')}
      span={span}
      read={sprawl}
      rowKey={(row) => `${row.kind}/${row.id}/${row.since}`}
      columns={() => [
        { title: t('reports.kind'), cell: (row) => t(`reports.sprawl.${row.kind}`), value: (row) => row.kind },
        { title: t('users.name'), cell: (row) => <Link to={place(row)}>{row.id}</Link>, value: (row) => row.id },
        { title: t('reports.why'), cell: (row) => t(`reports.sprawl.why.${row.kind}`), value: (row) => row.why },
        { title: t('reports.since'), cell: (row) => date(row.since), value: (row) => row.since },
      ]}
    />
  );
}
