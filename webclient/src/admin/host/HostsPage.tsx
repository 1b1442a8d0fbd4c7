import { Checkbox, FormGroup, Label, TextArea } from '@patternfly/react-core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'react-router';
import type { Host } from '../../api/types';
import { ConfirmDialog, type Confirmation } from '../../app/ConfirmDialog';
import { useToasts } from '../../app/toasts';
import { Share } from '../../charts/Share';
import { useLanguage } from '../../i18n/language';
import { hasRight, useMe } from '../../identity/identity';
import { AdminPage } from '../AdminPage';
import { drainHost, hosts, resumeHost } from '../api';
import { DataTable } from '../DataTable';
import type { MenuItem } from '../RowMenu';
import { usePages } from '../usePages';

const STATUS = { ACTIVE: 'success', DRAINING: 'warning', DRAINED: 'info', UNREACHABLE: 'danger' } as const;

const read = async (): Promise<{ items: Host[] }> => ({ items: await hosts() });

/** Where machines run, and taking a host out of service without cutting anybody short. */
export function HostsPage() {
  const { t, n, date, number } = useLanguage();
  const gib = (mib: number): string => number(Math.round(mib / 102.4) / 10);
  const me = useMe();
  const client = useQueryClient();
  const toasts = useToasts();
  const pages = usePages(['host'], () => read());
  const [drain, setDrain] = useState<Host>();
  const refresh = (): void => void client.invalidateQueries({ queryKey: ['host'] });

  const actions = (host: Host): MenuItem[] =>
    host.since === undefined
      ? [{ title: t('hosts.drain'), onClick: () => setDrain(host), isAriaDisabled: host.state === 'UNREACHABLE' }]
      : [
          {
            title: t('hosts.resume'),
            onClick: () =>
              void resumeHost(host.name).then(() => {
                refresh();
                toasts.success(t('hosts.resumed', { name: host.name }));
              }, toasts.failed),
          },
        ];

  return (
    <AdminPage title={t('admin.hosts')}>
      <DataTable
        label={t('admin.hosts')}
        pages={pages}
        rowKey={(host) => host.name}
        empty={t('hosts.none')}
        {...(hasRight(me, 'host.manage') && { actions })}
        columns={[
          {
            title: t('hosts.name'),
            cell: (host) => (
              <>
                <strong>{host.name}</strong>
                {host.broker !== undefined && <span className="oriel-subtle"> {t('hosts.broker', { name: host.broker })}</span>}
              </>
            ),
          },
          {
            title: t('sessions.state'),
            cell: (host) => (
              <span className="oriel-host__state">
                <Label isCompact status={STATUS[host.state]}>
                  {t(`hosts.state.${host.state}`)}
                </Label>
                {host.full && (
                  <Label isCompact status="warning">
                    {t('hosts.full')}
                  </Label>
                )}
                <Why host={host} date={date} />
              </span>
            ),
          },
          {
            title: t('admin.machines'),
            cell: (host) => (
              <Link to={`/admin/machines?q=${encodeURIComponent(host.name)}`}>{t('hosts.running', { running: host.running, all: host.machines })}</Link>
            ),
          },
          { title: t('admin.sessions'), cell: (host) => host.sessions },
          {
            title: t('hosts.memory'),
            cell: (host) =>
              host.promisableMib === undefined ? (
                '–'
              ) : (
                <Share value={host.promisedMib} most={host.promisableMib}>
                  {t('hosts.promised', { promised: gib(host.promisedMib), all: gib(host.promisableMib) })}
                </Share>
              ),
          },
        ]}
      />
      <p className="oriel-subtle">{t('hosts.help')}</p>
      {drain && (
        <DrainDialog
          host={drain}
          close={() => setDrain(undefined)}
          done={() => {
            refresh();
            toasts.success(n('hosts.drained', drain.sessions, { name: drain.name }));
          }}
        />
      )}
    </AdminPage>
  );
}

function Why({ host, date }: { host: Host; date: (iso: string) => string }) {
  const { t } = useLanguage();
  const text =
    host.state === 'UNREACHABLE'
      ? host.seen && t('hosts.lastSeen', { time: date(host.seen) })
      : host.since !== undefined && t(host.stop ? 'hosts.drainedAndStops' : 'hosts.drainedBy', { who: host.orderedBy ?? '–', time: date(host.since) });
  return text ? <span className="oriel-subtle">{text}</span> : null;
}

function DrainDialog({ host, close, done }: { host: Host; close: () => void; done: () => void }) {
  const { t, n } = useLanguage();
  const [stop, setStop] = useState(false);
  const [message, setMessage] = useState('');
  const ask: Confirmation = {
    title: t('hosts.drain.title', { name: host.name }),
    text: (
      <>
        <p>{n('hosts.drain.text', host.sessions)}</p>
        <FormGroup label={t('hosts.drain.message')} fieldId="drain-message">
          <TextArea
            id="drain-message"
            rows={2}
            maxLength={500}
            resizeOrientation="vertical"
            placeholder={t('hosts.drain.messageDefault')}
            value={message}
            onChange={(_, value) => setMessage(value)}
          />
        </FormGroup>
        <Checkbox id="drain-stop" label={t('hosts.drain.stop')} description={t('hosts.drain.stop.help')} isChecked={stop} onChange={(_, on) => setStop(on)} />
      </>
    ),
    confirm: t('hosts.drain'),
    destructive: stop,
    act: () => drainHost(host.name, { stop, ...(message.trim() && { message: message.trim() }) }).then(done),
  };
  return <ConfirmDialog ask={ask} close={close} />;
}
