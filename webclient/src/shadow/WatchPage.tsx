import { Button, Label, Spinner, Title } from '@patternfly/react-core';
import { ArrowLeftIcon } from '@patternfly/react-icons';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { useNavigate, useParams } from 'react-router';
import { asFailure, type Failure } from '../api/failure';
import { useEvents } from '../app/live';
import { FailureAlert } from '../app/FailureAlert';
import { useToasts } from '../app/toasts';
import { useTitle } from '../app/useTitle';
import { useLanguage } from '../i18n/language';
import { Screen } from '../viewer/display';
import { closeCause } from '../viewer/ending';
import { LinkIndicator } from '../viewer/LinkIndicator';
import '../viewer/viewer.css';
import { endShadow, shadow as readShadow, shadowTicket, type Shadow } from './api';

// What is heard is the person's own affair, as long as nobody asks for it.
const SETTINGS = { sizing: 'scale', quality: 'balanced', sound: false } as const;
const AGAIN_MS = 1_500;

/** Somebody's desktop as they see it, once they have agreed. Keys and pointer stay here. */
export default function WatchPage() {
  const { t } = useLanguage();
  const { sessionId = '', shadowId = '' } = useParams();
  const navigate = useNavigate();
  const client = useQueryClient();
  const stream = useEvents();
  const toasts = useToasts();
  const query = useQuery({ queryKey: ['shadow', shadowId], queryFn: () => readShadow(sessionId, shadowId) });
  const request = query.data;
  useTitle(t('watch.title', { name: request?.username ?? '' }));

  useEffect(
    () =>
      stream.on('shadow', (changed) => {
        if (changed.id === shadowId) client.setQueryData(['shadow', shadowId], changed);
      }),
    [stream, client, shadowId],
  );

  const back = (): void => void navigate(request ? `/helpdesk/${encodeURIComponent(request.username)}` : '/helpdesk');
  const stop = (): void => void endShadow({ sessionId, id: shadowId }).then(back, toasts.failed);

  if (query.error && !request) {
    return (
      <main className="oriel-waiting" id="main">
        <FailureAlert failure={asFailure(query.error)} retry={() => void query.refetch()} />
      </main>
    );
  }
  return (
    <main className="oriel-viewer" id="main" aria-label={t('watch.title', { name: request?.username ?? '' })} data-shadow={request?.state}>
      <h1 className="oriel-visually-hidden">{t('watch.title', { name: request?.username ?? '' })}</h1>
      {request?.state === 'GRANTED' ? (
        <Watching request={request} stop={stop} back={back} />
      ) : (
        <Pane request={request} stop={stop} back={back} />
      )}
    </main>
  );
}

function Pane({ request, stop, back }: { request: Shadow | undefined; stop: () => void; back: () => void }) {
  const { t } = useLanguage();
  const asked = request?.state === 'ASKED';
  return (
    <div className="oriel-overlay">
      <section className="oriel-overlay__pane" aria-live="polite">
        {(!request || asked) && <Spinner aria-label={t('state.loading')} />}
        {request && (
          <>
            <Title headingLevel="h2" size="xl">
              {t(`watch.${request.state}`, { name: request.username })}
            </Title>
            <p className="oriel-subtle">{t(`watch.${request.state}.help`, { name: request.username })}</p>
          </>
        )}
        <div className="oriel-overlay__buttons">
          {asked ? (
            <Button variant="secondary" onClick={stop}>
              {t('action.cancel')}
            </Button>
          ) : (
            <Button autoFocus onClick={back}>
              {t('watch.back')}
            </Button>
          )}
        </div>
      </section>
    </div>
  );
}

function Watching({ request, stop, back }: { request: Shadow; stop: () => void; back: () => void }) {
  const { t, date } = useLanguage();
  const target = useRef<HTMLDivElement>(null);
  const [screen, setScreen] = useState<Screen>();
  const [failure, setFailure] = useState<Failure>();
  const [round, setRound] = useState(0);
  const { sessionId, id } = request;

  useEffect(() => {
    let open: Screen | undefined;
    let gone = false;
    let again: ReturnType<typeof setTimeout> | undefined;
    setFailure(undefined);
    shadowTicket(sessionId, id).then(
      (ready) => {
        if (gone || !target.current) return;
        const opened = new Screen(target.current, ready, SETTINGS, {
          opened: () => undefined,
          drawn: () => setScreen(opened),
          clipboard: () => undefined,
          closed: (code) => {
            setScreen(undefined);
            // A drop; whatever else it was, the event that says so is on its way.
            if (!gone && closeCause(code) === undefined) again = setTimeout(() => setRound((before) => before + 1), AGAIN_MS);
          },
        });
        open = opened;
      },
      (error: unknown) => gone || setFailure(asFailure(error)),
    );
    return () => {
      gone = true;
      clearTimeout(again);
      setScreen(undefined);
      open?.close();
    };
  }, [sessionId, id, round]);

  return (
    <>
      <div ref={target} className="oriel-viewer__screen" role="img" aria-label={t('screen.of', { machine: request.machine })} />
      {!screen && (
        <div className="oriel-overlay">
          <section className="oriel-overlay__pane">
            {failure ? <FailureAlert failure={failure} retry={() => setRound(round + 1)} /> : <Spinner aria-label={t('state.loading')} />}
          </section>
        </div>
      )}
      <div className="oriel-watching" role="toolbar" aria-label={t('viewer.toolbar')}>
        <Button variant="plain" icon={<ArrowLeftIcon />} aria-label={t('watch.back')} title={t('watch.back')} onClick={back} />
        <strong>{request.username}</strong>
        <Label isCompact>{t('watch.viewOnly')}</Label>
        <span className="oriel-subtle oriel-watching__until">{t('watch.until', { time: date(request.expires) })}</span>
        {screen && <LinkIndicator screen={screen} />}
        <Button variant="danger" size="sm" onClick={stop}>
          {t('watch.stop')}
        </Button>
      </div>
    </>
  );
}
