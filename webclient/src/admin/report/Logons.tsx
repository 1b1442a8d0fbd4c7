import type { MessageKey } from '../../i18n/translate';
import { LogonChart } from '../../charts/LogonChart';
import { useLanguage } from '../../i18n/language';
import { Report } from './Report';
import { logons, type LogonRow, type Span } from './reports';

const STEP: Record<LogonRow['step'], MessageKey> = {
  authenticate: 'logon.authenticate',
  claim: 'logon.claim',
  clone: 'logon.clone',
  boot: 'logon.boot',
  'first-frame': 'logon.firstFrame',
};

/** A logon in which every step took as long as the middle one of all. */
export function typical(rows: readonly LogonRow[], poolId: string) {
  const ms = (step: LogonRow['step']): number => rows.find((row) => row.poolId === poolId && row.step === step)?.p50 ?? 0;
  return { requested: '', authenticateMs: ms('authenticate'), claimMs: ms('claim'), cloneMs: ms('clone'), bootMs: ms('boot'), firstFrameMs: ms('first-frame') };
}

export function Logons({ span }: { span: Span }) {
  const { t, number, seconds } = useLanguage();
  return (
    <Report
      name="logons"
      title={t('reports.logons')}
      help={t('reports.logons.help')}
      empty={t('reports.logons.empty')}
      span={span}
      read={logons}
      rowKey={(row) => `${row.poolId}/${row.step}`}
      chart={(rows) =>
        [...new Set(rows.map(({ poolId }) => poolId))].map((poolId) => (
          <section key={poolId}>
            <h3 className="oriel-subhead">{poolId}</h3>
            <LogonChart logon={typical(rows, poolId)} />
          </section>
        ))
      }
      columns={() => [
        { title: t('sessions.pool'), cell: (row) => row.poolId, value: (row) => row.poolId },
        { title: t('reports.step'), cell: (row) => t(STEP[row.step]), value: (row) => row.step },
        { title: t('reports.logons.count'), cell: (row) => number(row.logons), value: (row) => row.logons },
        { title: t('reports.p50'), cell: (row) => seconds(row.p50), value: (row) => row.p50 },
        { title: t('reports.p95'), cell: (row) => seconds(row.p95), value: (row) => row.p95 },
        { title: t('reports.longest'), cell: (row) => seconds(row.most), value: (row) => row.most },
      ]}
    />
  );
}
