import { Button, Label, TextInput } from '@patternfly/react-core';
import { useQueryClient } from '@tanstack/react-query';
import { useDeferredValue, useState } from 'react';
import { Link, useSearchParams } from 'react-router';
import { AdminPage } from '../admin/AdminPage';
import { DataTable } from '../admin/DataTable';
import { usePages } from '../admin/usePages';
import { ConfirmDialog, type Confirmation } from '../app/ConfirmDialog';
import { useLanguage } from '../i18n/language';
import { hasRight, useMe } from '../identity/identity';
import { deleteRecording, recordings, type SessionRecording } from './api';

const FILTERS = ['user', 'pool', 'session'] as const;

/** Recorded sessions: whose, when, and a way to see them. Filters are in the address. */
export function RecordingsPage() {
  const { t, date, number, duration } = useLanguage();
  const me = useMe();
  const client = useQueryClient();
  const [params, setParams] = useSearchParams();
  const [ask, setAsk] = useState<Confirmation>();
  const query = useDeferredValue(Object.fromEntries(FILTERS.map((key) => [key, params.get(key) ?? ''] as const).filter(([, value]) => value !== '')));
  const pages = usePages(['recording', query], (cursor) => recordings(query, cursor));

  const remove = (entry: SessionRecording): void =>
    setAsk({
      title: t('recordings.delete.title', { name: entry.username }),
      text: t('recordings.delete.text', { time: date(entry.started) }),
      confirm: t('recordings.delete'),
      destructive: true,
      act: () => deleteRecording(entry.id).then(() => client.invalidateQueries({ queryKey: ['recording'] })),
    });

  return (
    <AdminPage title={t('admin.recordings')}>
      <p className="oriel-subtle oriel-admin__note">{t('recordings.help')}</p>
      <div className="oriel-filters" role="search" aria-label={t('recordings.filters')}>
        {FILTERS.map((key) => (
          <label key={key}>
            <span>{t(`recordings.${key}`)}</span>
            <TextInput
              type="search"
              aria-label={t(`recordings.${key}`)}
              value={params.get(key) ?? ''}
              onChange={(_, value) =>
                setParams(
                  (before) => {
                    const next = new URLSearchParams(before);
                    if (value) next.set(key, value);
                    else next.delete(key);
                    return next;
                  },
                  { replace: true },
                )
              }
            />
          </label>
        ))}
        {params.size > 0 && (
          <Button variant="link" isInline onClick={() => setParams({}, { replace: true })}>
            {t('audit.reset')}
          </Button>
        )}
      </div>
      <DataTable
        label={t('admin.recordings')}
        pages={pages}
        rowKey={(entry) => entry.id}
        rowName={(entry) => `${entry.username}, ${date(entry.started)}`}
        empty={t('recordings.empty')}
        {...(hasRight(me, 'recording.delete') && {
          actions: (entry: SessionRecording) =>
            entry.ended === undefined ? [] : [{ title: t('recordings.delete'), isDanger: true, onClick: () => remove(entry) }],
        })}
        columns={[
          { title: t('recordings.user'), cell: (entry) => entry.username },
          { title: t('recordings.pool'), cell: (entry) => entry.poolId },
          { title: t('sessions.machine'), cell: (entry) => entry.machine },
          { title: t('recordings.started'), cell: (entry) => date(entry.started), oneLine: true },
          {
            title: t('recordings.length'),
            cell: (entry) =>
              entry.ended === undefined ? (
                <Label isCompact status="info">
                  {t('recordings.running')}
                </Label>
              ) : (
                duration((Date.parse(entry.ended) - Date.parse(entry.started)) / 1000)
              ),
          },
          { title: t('recordings.size'), cell: (entry) => (entry.bytes === undefined ? '–' : `${number(Math.ceil(entry.bytes / (1 << 20)))} MiB`) },
          {
            title: t('recording.play'),
            cell: (entry) =>
              entry.ended === undefined ? (
                '–'
              ) : (
                <Link to={`/admin/recordings/${entry.id}`} aria-label={t('recordings.playOf', { name: entry.username, time: date(entry.started) })}>
                  {t('recording.play')}
                </Link>
              ),
          },
        ]}
      />
      {ask && <ConfirmDialog ask={ask} close={() => setAsk(undefined)} />}
    </AdminPage>
  );
}
