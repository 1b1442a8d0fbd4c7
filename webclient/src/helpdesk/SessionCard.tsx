import { Button, Card, CardBody, CardFooter, CardHeader, CardTitle } from '@patternfly/react-core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Facts } from '../admin/Facts';
import { LifecycleLabel } from '../admin/machine/machineState';
import { logoff, restartDesktop } from '../api/portal';
import type { Machine, Session } from '../api/types';
import { ConfirmDialog, type Confirmation } from '../app/ConfirmDialog';
import { useToasts } from '../app/toasts';
import { LogonChart } from '../charts/LogonChart';
import { useLanguage } from '../i18n/language';
import { hasRight, useMe } from '../identity/identity';
import { MachineScreen } from '../machines/MachineScreen';
import SnapshotsDialog from '../snapshots/SnapshotsDialog';
import { AskToWatchDialog } from '../shadow/AskToWatchDialog';
import { disconnect } from './api';
import { LiveCharts } from './LiveCharts';
import { MessageDialog } from './MessageDialog';
import { SessionState } from './SessionState';

interface Props {
  session: Session;
  machine: Machine | undefined;
  name: string;
}

/** A live session as its user has it, and what the helpdesk can do about it. */
export function SessionCard({ session, machine, name }: Props) {
  const { t, date } = useLanguage();
  const me = useMe();
  const toasts = useToasts();
  const client = useQueryClient();
  const [ask, setAsk] = useState<Confirmation>();
  const [writing, setWriting] = useState(false);
  const [restoring, setRestoring] = useState(false);
  const [watching, setWatching] = useState(false);
  const titleId = `session-${session.id}`;
  const manages = hasRight(me, 'session.manage');

  /** After an act its line of the audit trail is on the page, too. */
  const done = (text: string): void => {
    toasts.success(text);
    void client.invalidateQueries({ queryKey: ['person'] });
  };
  const values = { name, machine: session.machine };

  return (
    <Card component="article" aria-labelledby={titleId} className="oriel-session" data-session={session.id}>
      <CardHeader>
        <CardTitle component="h2" id={titleId}>
          {session.poolId} <span className="oriel-subtle oriel-small">{session.machine}</span> <SessionState session={session} />
        </CardTitle>
      </CardHeader>
      <CardBody>
        <div className="oriel-session__body">
          {hasRight(me, 'machine.screen') && (
            <MachineScreen
              machine={session.machine}
              private={session.username !== me.username}
              changed={`${machine?.power ?? ''} ${machine?.lifecycle ?? ''}`}
            />
          )}
          <div className="oriel-admin__stack">
            <Facts
              columns={2}
              facts={[
                [t('machines.lifecycle'), machine && <LifecycleLabel key="lifecycle" machine={machine} />],
                [t('machines.power'), machine && t(`power.${machine.power}`)],
                [t('sessions.started'), date(session.started)],
                [t('sessions.client'), session.clientAddress],
                [t('helpdesk.lastConnected'), session.connected && date(session.connected)],
                [t('helpdesk.disconnected'), session.state === 'DISCONNECTED' && session.disconnected && date(session.disconnected)],
                [t('machines.problem'), machine?.failure && <span key="failure" className="oriel-failure">{machine.failure}</span>],
              ]}
            />
            {session.logon && (
              <section>
                <h3 className="oriel-subhead">{t('logon.title')}</h3>
                <LogonChart logon={session.logon} />
              </section>
            )}
          </div>
        </div>
        {machine?.power === 'ON' && (
          <section className="oriel-session__figures">
            <h3 className="oriel-subhead">{t('figures.title')}</h3>
            <LiveCharts of="sessions" id={session.id} changed={`${session.state} ${machine.power}`} />
          </section>
        )}
      </CardBody>
      <CardFooter className="oriel-session__acts">
        {hasRight(me, 'session.message') && (
          <Button variant="primary" onClick={() => setWriting(true)}>
            {t('message.open')}
          </Button>
        )}
        {hasRight(me, 'session.shadow') && session.username !== me.username && (
          <Button variant="secondary" isDisabled={session.state !== 'CONNECTED'} onClick={() => setWatching(true)}>
            {t('watch.open')}
          </Button>
        )}
        {hasRight(me, 'snapshot.restore') && (
          <Button variant="secondary" onClick={() => setRestoring(true)}>
            {t('snapshots.open')}
          </Button>
        )}
        {manages && (
          <>
            <Button
              variant="secondary"
              onClick={() =>
                setAsk({
                  title: t('helpdesk.restart.title', values),
                  text: t('helpdesk.restart.text', values),
                  confirm: t('desktop.restart'),
                  destructive: true,
                  act: () => restartDesktop(session.id).then(() => done(t('helpdesk.restarted', values))),
                })
              }
            >
              {t('desktop.restart')}
            </Button>
            <Button
              variant="secondary"
              isDisabled={session.state !== 'CONNECTED'}
              onClick={() =>
                setAsk({
                  title: t('helpdesk.disconnect.title', values),
                  text: t('helpdesk.disconnect.text', values),
                  confirm: t('helpdesk.disconnect'),
                  act: () => disconnect(session.id).then(() => done(t('helpdesk.isDisconnected', values))),
                })
              }
            >
              {t('helpdesk.disconnect')}
            </Button>
            <Button
              variant="secondary"
              isDanger
              onClick={() =>
                setAsk({
                  title: t('sessions.logOff.title', { user: name, machine: session.machine }),
                  text: t('sessions.logOff.text'),
                  confirm: t('desktop.logOff'),
                  destructive: true,
                  act: () => logoff(session.id).then(() => done(t('helpdesk.loggedOff', values))),
                })
              }
            >
              {t('desktop.logOff')}
            </Button>
          </>
        )}
      </CardFooter>
      {ask && <ConfirmDialog ask={ask} close={() => setAsk(undefined)} />}
      {restoring && (
        <SnapshotsDialog
          machine={session.machine}
          name={session.machine}
          writes={hasRight(me, 'snapshot.write')}
          close={() => setRestoring(false)}
          {...(hasRight(me, 'machine.screen') && { screen: { private: session.username !== me.username } })}
          done={() => void client.invalidateQueries({ queryKey: ['person'] })}
        />
      )}
      {watching && <AskToWatchDialog sessionId={session.id} name={name} close={() => setWatching(false)} />}
      {writing && (
        <MessageDialog
          name={name}
          sessionId={session.id}
          close={() => setWriting(false)}
          sent={(pages) => {
            setWriting(false);
            if (pages > 0) done(t('message.sent', { name }));
            else toasts.warning(t('message.unseen', { name }), t('message.unseenHelp'));
            void client.invalidateQueries({ queryKey: ['person'] });
          }}
        />
      )}
    </Card>
  );
}
