import { FormSelect, FormSelectOption } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useParams, useSearchParams } from 'react-router';
import { NotFoundPage } from '../../app/NotFoundPage';
import { useLanguage } from '../../i18n/language';
import { hasRight, useMe } from '../../identity/identity';
import { AdminPage } from '../AdminPage';
import { pools } from '../api';
import { PageTabs } from '../PageTabs';
import { readAll } from '../readAll';
import { Capacity } from './Capacity';
import { Concurrency } from './Concurrency';
import { FailedLogins } from './FailedLogins';
import { Idle } from './Idle';
import { Logons } from './Logons';
import type { Span } from './reports';
import { Sprawl } from './Sprawl';
import { Usage } from './Usage';

const REPORTS = { usage: Usage, concurrency: Concurrency, logons: Logons, 'failed-logins': FailedLogins, capacity: Capacity, idle: Idle, sprawl: Sprawl } as const;
type ReportName = keyof typeof REPORTS;
const DAYS = [1, 7, 30, 90, 365] as const;
const DAY_MS = 86_400_000;

/** What happened over some time: who used what, how full it was, how long people waited, what nobody needs. */
export function ReportsPage() {
  const { t, n } = useLanguage();
  const me = useMe();
  const { report = 'usage' } = useParams();
  const [params, setParams] = useSearchParams();
  const [now] = useState(Date.now);
  const known = useQuery({ queryKey: ['pool', 'all'], queryFn: () => readAll(pools), enabled: hasRight(me, 'pool.read') });
  const days = DAYS.find((count) => String(count) === params.get('days')) ?? 30;
  const pool = params.get('pool') ?? '';
  // Who was refused is in the audit trail.
  const names = (Object.keys(REPORTS) as ReportName[]).filter((name) => name !== 'failed-logins' || hasRight(me, 'audit.read'));
  const active = names.find((name) => name === report);
  if (!active) return <NotFoundPage />;
  const Shown = REPORTS[active];
  const span: Span = { from: new Date(now - days * DAY_MS).toISOString(), until: new Date(now).toISOString(), pool };
  const search = params.size > 0 ? `?${params.toString()}` : '';
  const narrow = (key: string, value: string): void => {
    const next = new URLSearchParams(params);
    if (value) next.set(key, value);
    else next.delete(key);
    setParams(next, { replace: true });
  };

  return (
    <AdminPage
      title={t('admin.reports')}
      tools={
        <>
          <FormSelect aria-label={t('reports.span')} value={days} onChange={(_, value) => narrow('days', value)}>
            {DAYS.map((count) => (
              <FormSelectOption key={count} value={count} label={n('reports.days', count)} />
            ))}
          </FormSelect>
          {active !== 'failed-logins' && (
            <FormSelect aria-label={t('sessions.pool')} value={pool} onChange={(_, value) => narrow('pool', value)}>
              <FormSelectOption value="" label={t('machines.anyPool')} />
              {known.data?.map(({ id, displayName }) => (
                <FormSelectOption key={id} value={id} label={displayName} />
              ))}
            </FormSelect>
          )}
        </>
      }
    >
      <PageTabs
        label={t('admin.reports')}
        active={active}
        tabs={names.map((name) => ({ key: name, title: t(`reports.${name}`), path: `/admin/reports/${name}${search}` }))}
      />
      <Shown span={span} />
    </AdminPage>
  );
}
