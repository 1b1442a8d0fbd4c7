import { BarChart } from '../../charts/BarChart';
import { useLanguage } from '../../i18n/language';
import { everyDay } from './days';
import { Report } from './Report';
import { concurrency, type Span } from './reports';

export function Concurrency({ span }: { span: Span }) {
  const { t, n, day, date, number } = useLanguage();
  return (
    <Report
      name="concurrency"
      title={t('reports.concurrency')}
      help={t('reports.concurrency.help')}
      empty={t('reports.usage.empty')}
      span={span}
      read={async (wanted) => (await concurrency(wanted)).sort((a, b) => b.day.localeCompare(a.day))}
      rowKey={(row) => row.day}
      chart={(rows) => (
        <BarChart
          label={t('reports.concurrency.chart')}
          bars={everyDay(rows, span.from, span.until).map((row) => ({
            key: row.day,
            label: day(row.day).replace(/[,.]?\s*\d{4}$/, ''),
            value: row.sessions,
            title: `${day(row.day)}: ${n('reports.sessions', row.sessions)}`,
          }))}
        />
      )}
      columns={() => [
        { title: t('schedule.holiday'), cell: (row) => day(row.day), value: (row) => row.day },
        { title: t('reports.most'), cell: (row) => number(row.sessions), value: (row) => row.sessions },
        { title: t('reports.at'), cell: (row) => date(row.at), value: (row) => row.at },
      ]}
    />
  );
}
