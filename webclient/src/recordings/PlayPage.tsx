import { Bullseye, Spinner } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useMemo } from 'react';
import { useParams } from 'react-router';
import { AdminPage } from '../admin/AdminPage';
import { asFailure } from '../api/failure';
import { FailurePage } from '../app/FailurePage';
import { useLanguage } from '../i18n/language';
import { recording, serverSource } from './api';

const Player = lazy(() => import('../viewer/recording/RecordingPlayer').then(({ RecordingPlayer }) => ({ default: RecordingPlayer })));

/** Plays a recorded session of the server. That somebody looked is in the audit trail. */
export function PlayPage() {
  const { t } = useLanguage();
  const { recordingId = '' } = useParams();
  const query = useQuery({ queryKey: ['recording', 'one', recordingId], queryFn: () => recording(recordingId) });
  const { data } = query;
  const source = useMemo(() => data && serverSource(data), [data]);
  return (
    <AdminPage title={t('recordings.of', { name: data?.username ?? '…' })}>
      {query.error && !data ? (
        <FailurePage failure={asFailure(query.error)} retry={() => void query.refetch()} />
      ) : (
        <Suspense
          fallback={
            <Bullseye>
              <Spinner aria-label={t('state.loading')} />
            </Bullseye>
          }
        >
          {data && source && <Player key={data.id} source={source} name={data.username} />}
          <p className="oriel-subtle">{t('recordings.watched')}</p>
        </Suspense>
      )}
    </AdminPage>
  );
}
