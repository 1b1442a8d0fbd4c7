import { useQuery } from '@tanstack/react-query';
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { useNavigate, useParams } from 'react-router';
import { desktops } from '../api/portal';
import { ConfirmDialog, type Confirmation } from '../app/ConfirmDialog';
import { DESKTOPS } from '../app/live';
import { useTitle } from '../app/useTitle';
import { useSessionQuestions } from '../desktops/sessionQuestions';
import { useLanguage } from '../i18n/language';
import { useClipboard } from './clipboard';
import { ClipboardPanel } from './ClipboardPanel';
import type { MonitorPlace, Screen } from './display';
import { MonitorBar } from './monitors/MonitorBar';
import { useMonitors } from './monitors/useMonitors';
import { useViewerSettings } from './settings';
import { FileDrop } from './FileDrop';
import { RecordedBadge } from './RecordedBadge';
import { SoftKeyboard, type SoftKeyboardHandle } from './SoftKeyboard';
import { useConnection } from './useConnection';
import { ViewerOverlay } from './ViewerOverlay';
import { ViewerToolbar } from './ViewerToolbar';
import './viewer.css';

export default function ViewerPage() {
  const { poolId = '' } = useParams();
  // Another desktop is another connection: nothing is carried over.
  return <Viewer key={poolId} poolId={poolId} />;
}

function Viewer({ poolId }: { poolId: string }) {
  const { t } = useLanguage();
  const navigate = useNavigate();
  const questions = useSessionQuestions();
  const list = useQuery({ queryKey: DESKTOPS, queryFn: desktops });
  const mine = list.data?.find((desktop) => desktop.poolId === poolId);
  const name = mine?.name ?? poolId;
  const [settings] = useViewerSettings();
  const [ask, setAsk] = useState<Confirmation>();
  const [clipboardOpen, setClipboardOpen] = useState(false);
  const target = useRef<HTMLDivElement>(null);
  const still = useRef<HTMLCanvasElement>(null);
  const softKeyboard = useRef<SoftKeyboardHandle>(null);
  const screenNow = useRef<Screen>(undefined);
  const copied = useRef<(text: string) => void>(() => undefined);
  const places = useRef<readonly MonitorPlace[]>([]);

  const { connection, phase, screen } = useConnection(
    poolId,
    target,
    still,
    settings,
    (text) => copied.current(text),
    places,
  );
  const monitors = useMonitors(name, screen, places, phase.kind === 'ended');
  useLayoutEffect(() => {
    screenNow.current = screen;
  }, [screen]);
  const connected = phase.kind === 'connected';
  const clipboard = useClipboard(
    useCallback((text: string) => screenNow.current?.paste(text), []),
    connected,
  );
  useEffect(() => {
    copied.current = clipboard.fromDesktop;
  }, [clipboard.fromDesktop]);

  // The keyboard goes to the desktop, unless somebody is busy elsewhere on the page, in a dialog say.
  useEffect(() => {
    const active = document.activeElement;
    if (active === null || active === document.body || active.closest('.oriel-overlay')) screen?.focus();
  }, [screen]);

  useTitle(connected ? name : t('viewer.titleConnecting', { name }));

  const back = useCallback(() => {
    if (document.fullscreenElement) void document.exitFullscreen();
    void navigate('/');
  }, [navigate]);

  const closeDialog = (): void => {
    setAsk(undefined);
    screen?.focus();
  };

  const sessionId = useCallback(() => connection.sessionId, [connection]);

  const withSession = (question: (sessionId: string) => Confirmation): void => {
    if (connection.sessionId !== undefined) setAsk(question(connection.sessionId));
  };

  return (
    <main className="oriel-viewer" id="main" data-phase={phase.kind} aria-label={t('viewer.label', { name })}>
      <h1 className="oriel-visually-hidden">{name}</h1>
      <canvas ref={still} className="oriel-viewer__still" aria-hidden="true" data-filled="false" />
      <div
        ref={target}
        className="oriel-viewer__screen"
        role="application"
        aria-label={t('viewer.screen', { name })}
        aria-describedby="viewer-help"
      />
      <p id="viewer-help" className="oriel-visually-hidden">
        {t('viewer.handleHelp')}
      </p>
      <SoftKeyboard ref={softKeyboard} type={(keysym) => screen?.type(keysym)} />
      <ViewerOverlay
        name={name}
        poolId={poolId}
        phase={phase}
        retryNow={() => connection.retryNow()}
        cancel={() => connection.stop('CANCELLED')}
        start={() => connection.start()}
        back={back}
      />
      <ViewerToolbar
        name={name}
        screen={screen}
        connected={connected}
        pinned={clipboardOpen}
        monitors={monitors}
        actions={{
          back,
          clipboard: () => setClipboardOpen(!clipboardOpen),
          softKeyboard: () => softKeyboard.current?.toggle(),
          restart: () =>
            withSession((sessionId) => questions.restart(name, sessionId, () => connection.expectRestart())),
          logOff: () =>
            withSession((sessionId) =>
              questions.logOff(name, sessionId, () => {
                connection.loggedOff();
                back();
              }),
            ),
        }}
      />
      {clipboardOpen && connected && (
        <ClipboardPanel
          clipboard={clipboard}
          close={() => {
            setClipboardOpen(false);
            screen?.focus();
          }}
        />
      )}
      {mine && connected && <FileDrop sessionId={sessionId} allowed={mine.fileDrop} />}
      {monitors.windows.map((monitor) => (
        <MonitorBar key={monitor.id} monitor={monitor} close={() => monitors.close(monitor.id)} />
      ))}
      {mine?.recorded && <RecordedBadge />}
      {ask && <ConfirmDialog ask={ask} close={closeDialog} />}
    </main>
  );
}
