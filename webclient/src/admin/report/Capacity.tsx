import { Label } from '@patternfly/react-core';
import { Link } from 'react-router';
import { Share } from '../../charts/Share';
import { useLanguage } from '../../i18n/language';
import { Report } from './Report';
import { capacity, type Span } from './reports';

export function Capacity({ span }: { span: Span }) {
  const { t, n, day, number } = useLanguage();
  return (
    <Report
      name="capacity"
      title={t('reports.capacity')}
      help={t('reports.capacity.help')}
      empty={t('pools.empty')}
      span={span}
      read={capacity}
      rowKey={(row) => row.poolId}
      columns={() => [
        { title: t('sessions.pool'), cell: (row) => <Link to={`/admin/pools/${encodeURIComponent(row.poolId)}`}>{row.poolId}</Link>, value: (row) => row.poolId },
        {
          title: t('reports.fullness'),
          cell: (row) => (
            <Share value={row.inUse} peak={row.peak} most={row.size}>
              {t('reports.fullnessWords', { now: row.inUse, peak: row.peak, size: row.size })}
            </Share>
          ),
          value: (row) => `${row.inUse}/${row.peak}/${row.size}`,
        },
        { title: t('reports.waited'), cell: (row) => (row.waited > 0 ? n('reports.logonsWaited', row.waited) : number(0)), value: (row) => row.waited },
        {
          title: t('reports.forecast'),
          cell: (row) => (row.full ? <Label isCompact status="warning">{t('reports.fullBy', { day: day(row.full) })}</Label> : t('reports.noForecast')),
          value: (row) => row.full ?? '',
        },
      ]}
    />
  );
}
