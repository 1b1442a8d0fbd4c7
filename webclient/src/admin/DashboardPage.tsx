import { Alert, Card, CardBody, CardTitle, Label, Skeleton } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import type { Host, Image, Operation, Pool, Session } from '../api/types';
import { FailurePage } from '../app/FailurePage';
import { useLanguage } from '../i18n/language';
import { hasRight, useMe } from '../identity/identity';
import { AdminPage } from './AdminPage';
import { hosts, images, operations, pools, sessions } from './api';
import { Capacity } from './pool/Capacity';
import { PoolState } from './pool/PoolState';
import { usePages, type Pages } from './usePages';

interface Problem {
  key: string;
  severe: boolean;
  text: string;
  to: string;
}

/** What needs somebody, the worst first. */
function useProblems(pool: Pages<Pool>, failed: Pages<Operation>, image: Pages<Image>, host: Pages<Host>): Problem[] | undefined {
  const { t, n } = useLanguage();
  if (!pool.rows) return undefined;
  const found: Problem[] = [];
  for (const { id, displayName, state, counts } of pool.rows) {
    if (state === 'RESTRAINED') {
      found.push({ key: `restrained-${id}`, severe: true, text: t('dashboard.restrained', { pool: displayName }), to: `/admin/pools/${id}` });
    }
    if (counts.error > 0) {
      found.push({
        key: `error-${id}`,
        severe: true,
        text: n('dashboard.errors', counts.error, { pool: displayName }),
        to: `/admin/machines?state=problem&pool=${id}`,
      });
    }
    if (counts.queued > 0) {
      found.push({ key: `queue-${id}`, severe: false, text: n('dashboard.queued', counts.queued, { pool: displayName }), to: `/admin/pools/${id}` });
    }
    if (counts.dirty > 0) {
      found.push({
        key: `dirty-${id}`,
        severe: false,
        text: n('dashboard.dirty', counts.dirty, { pool: displayName }),
        to: `/admin/machines?state=problem&pool=${id}`,
      });
    }
  }
  for (const { name, state, sessions: live, full } of host.rows ?? []) {
    if (state === 'UNREACHABLE') {
      found.push({ key: `host-${name}`, severe: live > 0, text: n('dashboard.hostGone', live, { name }), to: '/admin/hosts' });
    } else if (full) {
      found.push({ key: `full-${name}`, severe: false, text: t('dashboard.hostFull', { name }), to: '/admin/hosts' });
    }
  }
  for (const { name, displayName, versions } of image.rows ?? []) {
    for (const version of versions) {
      if (version.state === 'ERROR') {
        found.push({
          key: `image-${name}-${version.version}`,
          severe: true,
          text: t('dashboard.imageFailed', { image: displayName, version: version.version }),
          to: '/admin/images',
        });
      }
    }
  }
  if (failed.rows && failed.rows.length > 0) {
    found.push({ key: 'operations', severe: false, text: n('dashboard.operations', failed.rows.length), to: '/admin/operations?state=FAILED' });
  }
  return found.sort((a, b) => Number(b.severe) - Number(a.severe));
}

export function DashboardPage() {
  const { t, n } = useLanguage();
  const me = useMe();
  const pool = usePages(['pool'], pools);
  // Without the right nothing is asked, and its tile is not there.
  const session = usePages<Session>(['session', 'active'], hasRight(me, 'session.read') ? (cursor) => sessions(true, cursor) : NOTHING);
  const failed = usePages<Operation>(['operation', { state: 'FAILED' }], hasRight(me, 'operation.read') ? (cursor) => operations({ state: 'FAILED' }, cursor) : NOTHING);
  const image = usePages<Image>(['image'], hasRight(me, 'image.read') ? images : NOTHING);
  const host = usePages<Host>(['host'], hasRight(me, 'machine.read') ? async () => ({ items: await hosts() }) : NOTHING);
  const problems = useProblems(pool, failed, image, host);

  if (!pool.rows && pool.failure) {
    return (
      <AdminPage title={t('admin.dashboard')}>
        <FailurePage failure={pool.failure} retry={pool.retry} />
      </AdminPage>
    );
  }
  const sum = (part: keyof Pool['counts']): number | undefined => pool.rows?.reduce((total, { counts }) => total + counts[part], 0);
  const connected = session.rows?.filter((row) => row.state === 'CONNECTED').length;
  const size = pool.rows?.reduce((total, row) => total + row.size, 0);

  return (
    <AdminPage title={t('admin.dashboard')}>
      <section aria-labelledby="dashboard-problems" className="oriel-dashboard__problems" aria-busy={!problems}>
        <h2 id="dashboard-problems" className="oriel-visually-hidden">
          {t('dashboard.problems')}
        </h2>
        {problems?.length === 0 && <Alert isInline variant="success" component="p" title={t('dashboard.noProblems')} />}
        {problems?.map((problem) => (
          <Alert
            key={problem.key}
            isInline
            variant={problem.severe ? 'danger' : 'warning'}
            component="p"
            title={problem.text}
            actionLinks={<Link to={problem.to}>{t('dashboard.look')}</Link>}
          />
        ))}
      </section>
      <div className="oriel-tiles">
        <Tile title={t('dashboard.sessions')} value={session.rows && n('dashboard.count', session.rows.length)} to="/admin/sessions">
          {connected !== undefined && t('dashboard.connected', { count: connected })}
        </Tile>
        <Tile title={t('dashboard.inUse')} value={sum('inUse')} to="/admin/machines?state=inUse">
          {size !== undefined && t('dashboard.ofSize', { size })}
        </Tile>
        <Tile title={t('dashboard.free')} value={sum('available')} to="/admin/machines?state=free">
          {t('dashboard.starting', { count: sum('starting') ?? 0 })}
        </Tile>
        <Tile title={t('dashboard.waiting')} value={sum('queued')} to="/admin/pools">
          {t('dashboard.waitingHelp')}
        </Tile>
      </div>
      <Card className="oriel-admin__wide">
        <CardTitle component="h2">{t('admin.pools')}</CardTitle>
        <CardBody>
          {pool.rows ? (
            <ul className="oriel-pools">
              {pool.rows.map((row) => (
                <li key={row.id}>
                  <span>
                    <Link to={`/admin/pools/${row.id}`}>{row.displayName}</Link> <PoolState pool={row} />
                    {row.counts.queued > 0 && (
                      <Label isCompact status="warning">
                        {t('dashboard.queue', { count: row.counts.queued })}
                      </Label>
                    )}
                  </span>
                  <Capacity pool={row} />
                </li>
              ))}
            </ul>
          ) : (
            <Skeleton height="6rem" screenreaderText={t('state.loading')} />
          )}
        </CardBody>
      </Card>
    </AdminPage>
  );
}

const NOTHING = (): Promise<{ items: never[] }> => Promise.resolve({ items: [] });

function Tile({ title, value, to, children }: { title: string; value: ReactNode; to: string; children?: ReactNode }) {
  const { t } = useLanguage();
  return (
    <Card className="oriel-tile" isCompact>
      <CardTitle component="h2">
        <Link to={to}>{title}</Link>
      </CardTitle>
      <CardBody>
        <span className="oriel-tile__value">{value ?? <Skeleton width="3rem" screenreaderText={t('state.loading')} />}</span>
        <span className="oriel-subtle">{children}</span>
      </CardBody>
    </Card>
  );
}
