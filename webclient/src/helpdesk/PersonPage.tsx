import { Alert, Breadcrumb, BreadcrumbItem, Button, Card, CardBody, CardTitle, EmptyState, EmptyStateBody, Label, Skeleton } from '@patternfly/react-core';
import { DesktopIcon } from '@patternfly/react-icons';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useParams } from 'react-router';
import { AdminPage } from '../admin/AdminPage';
import { unlockUser } from '../admin/api';
import { LifecycleLabel } from '../admin/machine/machineState';
import { isLocked, UserState } from '../admin/people/UserState';
import { asFailure } from '../api/failure';
import { FailurePage } from '../app/FailurePage';
import { useToasts } from '../app/toasts';
import { LogonChart } from '../charts/LogonChart';
import { useLanguage } from '../i18n/language';
import { hasRight, useMe } from '../identity/identity';
import { person as readPerson, type Person } from './api';
import { AuditLines } from './AuditLines';
import { SessionCard } from './SessionCard';

const PAST_SHOWN = 5;

/** One person, and everything the helpdesk needs to help them, on one page. */
export function PersonPage() {
  const { t } = useLanguage();
  const { username = '' } = useParams();
  const me = useMe();
  const query = useQuery({ queryKey: ['person', username], queryFn: () => readPerson(username) });
  const person = query.data;

  return (
    <AdminPage
      title={person?.user.displayName ?? username}
      crumbs={
        <Breadcrumb className="oriel-admin__crumbs">
          <BreadcrumbItem render={({ className }) => <Link className={className} to="/helpdesk">{t('helpdesk.title')}</Link>} />
          <BreadcrumbItem isActive>{username}</BreadcrumbItem>
        </Breadcrumb>
      }
    >
      {query.error && !person ? (
        <FailurePage failure={asFailure(query.error)} retry={() => void query.refetch()} />
      ) : !person ? (
        <Skeleton height="20rem" screenreaderText={t('state.loading')} />
      ) : (
        <div className="oriel-admin__stack">
          <Who person={person} />
          {person.queues.map((queue) => (
            <Alert
              key={queue.poolId}
              isInline
              variant="info"
              component="p"
              title={t('helpdesk.queued', { pool: queue.poolId, position: queue.position })}
            />
          ))}
          {person.sessions.length === 0 && (
            <EmptyState titleText={t('helpdesk.noSession')} icon={DesktopIcon} headingLevel="h2" variant="sm">
              <EmptyStateBody>{t('helpdesk.noSessionHelp', { name: person.user.displayName })}</EmptyStateBody>
            </EmptyState>
          )}
          {person.sessions.map((session) => (
            <SessionCard
              key={session.id}
              session={session}
              name={person.user.displayName}
              machine={person.machines.find((machine) => machine.name === session.machine)}
            />
          ))}
          <OtherMachines person={person} />
          <div className="oriel-admin__grid">
            <Troubles person={person} />
            {hasRight(me, 'audit.subject') && <AuditLines username={person.user.username} />}
          </div>
          <PastSessions person={person} />
        </div>
      )}
    </AdminPage>
  );
}

function Who({ person: { user } }: { person: Person }) {
  const { t, date } = useLanguage();
  const me = useMe();
  const toasts = useToasts();
  const client = useQueryClient();
  const [now] = useState(Date.now);
  const locked = isLocked(user, now);

  const unlock = (): void =>
    void unlockUser(user.id).then(() => {
      toasts.success(t('helpdesk.unlocked', { name: user.displayName }));
      return client.invalidateQueries({ queryKey: ['person'] });
    }, toasts.failed);

  return (
    <p className="oriel-who">
      <UserState user={user} />
      <span>{user.username}</span>
      <span className="oriel-subtle">{t(`role.${user.role}`)}</span>
      {user.groups.length > 0 && <span className="oriel-subtle">{user.groups.join(', ')}</span>}
      <span className="oriel-subtle">
        {t('users.lastLogin')}: {user.lastLogin ? date(user.lastLogin) : t('users.never')}
      </span>
      {locked && hasRight(me, 'user.unlock') && (
        <Button variant="secondary" size="sm" onClick={unlock}>
          {t('users.unlock')}
        </Button>
      )}
    </p>
  );
}

function OtherMachines({ person }: { person: Person }) {
  const { t } = useLanguage();
  const others = person.machines.filter((machine) => !person.sessions.some((session) => session.machine === machine.name));
  if (others.length === 0) return null;
  return (
    <Card>
      <CardTitle component="h2">{t('helpdesk.machines')}</CardTitle>
      <CardBody>
        <ul className="oriel-lines">
          {others.map((machine) => (
            <li key={machine.name}>
              <strong>{machine.name}</strong> <LifecycleLabel machine={machine} />
              {machine.failure && <span className="oriel-failure">{machine.failure}</span>}
            </li>
          ))}
        </ul>
      </CardBody>
    </Card>
  );
}

function Troubles({ person }: { person: Person }) {
  const { t, date } = useLanguage();
  return (
    <Card>
      <CardTitle component="h2">{t('helpdesk.troubles')}</CardTitle>
      <CardBody>
        {person.troubles.length === 0 ? (
          <p className="oriel-subtle">{t('helpdesk.noTroubles')}</p>
        ) : (
          <ul className="oriel-lines">
            {person.troubles.map((trouble, i) => (
              <li key={i}>
                <Label isCompact status={trouble.source === 'REFUSAL' ? 'warning' : 'danger'}>
                  {t(`trouble.${trouble.source}`)}
                </Label>{' '}
                <strong>{trouble.target}</strong> {trouble.text} <span className="oriel-subtle">{date(trouble.time)}</span>
              </li>
            ))}
          </ul>
        )}
      </CardBody>
    </Card>
  );
}

function PastSessions({ person }: { person: Person }) {
  const { t, date, duration } = useLanguage();
  if (person.past.length === 0) return null;
  return (
    <Card>
      <CardTitle component="h2">{t('helpdesk.past')}</CardTitle>
      <CardBody>
        <ul className="oriel-lines">
          {person.past.slice(0, PAST_SHOWN).map((session) => (
            <li key={session.id}>
              <strong>{session.poolId}</strong> {date(session.started)}
              {session.ended && (
                <span className="oriel-subtle">
                  {' '}
                  {t('helpdesk.lasted', { time: duration((Date.parse(session.ended) - Date.parse(session.started)) / 1000) })}
                  {session.endReason && `, ${t(`ended.by.${session.endReason}`)}`}
                </span>
              )}
              {session.logon && <LogonChart logon={session.logon} />}
            </li>
          ))}
        </ul>
      </CardBody>
    </Card>
  );
}
