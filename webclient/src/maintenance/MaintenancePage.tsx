import { Button, Label, Spinner, Title } from '@patternfly/react-core';
import { ArrowLeftIcon, CompressIcon, CopyIcon, ExpandIcon, PowerOffIcon } from '@patternfly/react-icons';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useLayoutEffect, useRef, useState, type ReactNode } from 'react';
import { useNavigate, useParams } from 'react-router';
import { asFailure, Failure } from '../api/failure';
import { FailureAlert } from '../app/FailureAlert';
import { useToasts } from '../app/toasts';
import { useTitle } from '../app/useTitle';
import { useLanguage } from '../i18n/language';
import { useClipboard } from '../viewer/clipboard';
import { ClipboardPanel } from '../viewer/ClipboardPanel';
import { Screen } from '../viewer/display';
import { closeCause } from '../viewer/ending';
import { useFullScreen } from '../viewer/fullScreen';
import { LinkIndicator } from '../viewer/LinkIndicator';
import { useViewerSettings } from '../viewer/settings';
import '../viewer/viewer.css';
import { maintenance, maintenanceDisplay, type MaintenanceMachine } from './api';
import { SealProgress } from './MaintenanceNote';
import { useMaintenanceActions } from './useMaintenanceActions';

const AGAIN_MS = 1_500;

/** A golden image in a machine, to be worked in: what is done here is in the next version once it is sealed. */
export default function MaintenancePage() {
  const { t } = useLanguage();
  const { imageName = '' } = useParams();
  const navigate = useNavigate();
  const toasts = useToasts();
  useTitle(t('maintenance.title', { name: imageName }));
  const query = useQuery({
    queryKey: ['image', 'maintenance', imageName],
    queryFn: () => maintenance(imageName),
    retry: false,
  });
  const failure = query.error ? asFailure(query.error) : undefined;
  const machine = query.data;
  const gone = failure?.reason === 'NOT_FOUND';
  const sealedTo = machine?.sealTo;

  useEffect(() => {
    if (!gone) return;
    if (sealedTo !== undefined) toasts.success(t('maintenance.sealed', { name: imageName, version: sealedTo }));
    void navigate('/admin/images', { replace: true });
  }, [gone, sealedTo, imageName, navigate, toasts, t]);

  return (
    <main className="oriel-viewer" id="main" aria-label={t('maintenance.title', { name: imageName })} data-maintenance={machine?.state}>
      <h1 className="oriel-visually-hidden">{t('maintenance.title', { name: imageName })}</h1>
      {machine ? (
        <Machine machine={machine} back={() => void navigate('/admin/images')} />
      ) : (
        <div className="oriel-overlay">
          <section className="oriel-overlay__pane">
            {failure && !gone ? <FailureAlert failure={failure} retry={() => void query.refetch()} /> : <Spinner aria-label={t('state.loading')} />}
          </section>
        </div>
      )}
    </main>
  );
}

function Machine({ machine, back }: { machine: MaintenanceMachine; back: () => void }) {
  const { t } = useLanguage();
  const [screen, setScreen] = useState<Screen>();
  const actions = useMaintenanceActions(machine, () => screen?.focus());
  const { state, failure } = machine;
  const idle = state === 'RUNNING' || state === 'OFF';
  const buttons = (
    <>
      <Button size="sm" isDisabled={!idle} onClick={actions.seal}>
        {t('maintenance.seal')}
      </Button>
      <Button variant="danger" size="sm" isDisabled={!idle && state !== 'STARTING'} onClick={actions.discard}>
        {t('maintenance.discard')}
      </Button>
    </>
  );
  return (
    <>
      {state === 'RUNNING' ? (
        <Working machine={machine} back={back} buttons={buttons} screen={screen} setScreen={setScreen} />
      ) : (
        <div className="oriel-overlay">
          <section className="oriel-overlay__pane" aria-live="polite">
            {state === 'OFF' ? (
              <div className="oriel-overlay__icon">
                <PowerOffIcon />
              </div>
            ) : (
              <Spinner aria-label={t('state.loading')} />
            )}
            <Title headingLevel="h2" size="xl">
              {t(`maintenance.state.${state}`, { version: machine.baseVersion, to: machine.sealTo ?? '' })}
            </Title>
            <p className="oriel-subtle">{t(`maintenance.state.${state}.help`)}</p>
            {failure && <p className="oriel-failure">{failure}</p>}
            {state === 'SEALING' && <SealProgress machine={machine.machine} />}
            <div className="oriel-overlay__buttons">
              {state === 'OFF' && <Button size="sm" variant="secondary" onClick={actions.start}>{t('maintenance.start')}</Button>}
              {state !== 'SEALING' && state !== 'DISCARDING' && buttons}
              <Button size="sm" variant="link" onClick={back}>
                {t('maintenance.back')}
              </Button>
            </div>
          </section>
        </div>
      )}
      {actions.dialogs}
    </>
  );
}

interface WorkingProps {
  machine: MaintenanceMachine;
  back: () => void;
  buttons: ReactNode;
  screen: Screen | undefined;
  setScreen: (screen: Screen | undefined) => void;
}

function Working({ machine, back, buttons, screen, setScreen }: WorkingProps) {
  const { t } = useLanguage();
  const client = useQueryClient();
  const [settings] = useViewerSettings();
  const [full, canFull, toggleFull] = useFullScreen();
  const target = useRef<HTMLDivElement>(null);
  const now = useRef<Screen>(undefined);
  const copied = useRef<(text: string) => void>(() => undefined);
  const [failure, setFailure] = useState<Failure>();
  const [round, setRound] = useState(0);
  const [pasting, setPasting] = useState(false);
  const { image, failure: trouble } = machine;
  const clipboard = useClipboard(
    useCallback((text: string) => now.current?.paste(text), []),
    screen !== undefined,
  );
  useEffect(() => {
    copied.current = clipboard.fromDesktop;
  }, [clipboard.fromDesktop]);
  useLayoutEffect(() => {
    now.current = screen;
  }, [screen]);
  useEffect(() => screen?.apply(settings), [screen, settings]);
  useEffect(() => screen?.focus(), [screen]);

  useEffect(() => {
    let open: Screen | undefined;
    let left = false;
    let again: ReturnType<typeof setTimeout> | undefined;
    setFailure(undefined);
    maintenanceDisplay(image).then(
      (ready) => {
        if (left || !target.current) return;
        const opened = new Screen(target.current, ready, settings, {
          opened: () => undefined,
          drawn: () => setScreen(opened),
          clipboard: (text) => copied.current(text),
          closed: (code) => {
            setScreen(undefined);
            if (left) return;
            const cause = closeCause(code);
            if (cause === 'REPLACED' || cause === 'REVOKED') setFailure(new Failure({ reason: 'CONFLICT', detail: t('maintenance.elsewhere') }));
            else again = setTimeout(() => setRound((before) => before + 1), AGAIN_MS);
            // It may have been shut down from within.
            void client.invalidateQueries({ queryKey: ['image', 'maintenance', image] });
          },
        });
        open = opened;
      },
      (error: unknown) => left || setFailure(asFailure(error)),
    );
    return () => {
      left = true;
      clearTimeout(again);
      setScreen(undefined);
      open?.close();
    };
    // The settings of the moment are applied above.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [image, round, client, setScreen, t]);

  return (
    <>
      <div ref={target} className="oriel-viewer__screen" role="application" aria-label={t('screen.of', { machine: machine.machine })} />
      {!screen && (
        <div className="oriel-overlay">
          <section className="oriel-overlay__pane">
            {failure ? <FailureAlert failure={failure} retry={() => setRound(round + 1)} /> : <Spinner aria-label={t('state.loading')} />}
          </section>
        </div>
      )}
      <div className="oriel-watching" role="toolbar" aria-label={t('viewer.toolbar')}>
        <Button variant="plain" icon={<ArrowLeftIcon />} aria-label={t('maintenance.back')} title={t('maintenance.back')} onClick={back} />
        <strong>{image}</strong>
        <Label isCompact>{t('maintenance.on', { version: machine.baseVersion })}</Label>
        {screen && <LinkIndicator screen={screen} />}
        <Button
          variant="plain"
          size="sm"
          isDisabled={!screen}
          onClick={() => {
            screen?.ctrlAltDel();
            screen?.focus();
          }}
        >
          Ctrl+Alt+Del
        </Button>
        <Button variant="plain" icon={<CopyIcon />} aria-label={t('clipboard.title')} title={t('clipboard.title')} isDisabled={!screen} onClick={() => setPasting(!pasting)} />
        {canFull && (
          <Button
            variant="plain"
            icon={full ? <CompressIcon /> : <ExpandIcon />}
            aria-label={t(full ? 'viewer.exitFull' : 'viewer.full')}
            title={t(full ? 'viewer.exitFull' : 'viewer.full')}
            onClick={() => void toggleFull().then(() => screen?.focus())}
          />
        )}
        {buttons}
        {trouble && <span className="oriel-failure">{trouble}</span>}
      </div>
      {pasting && screen && (
        <ClipboardPanel
          clipboard={clipboard}
          close={() => {
            setPasting(false);
            screen.focus();
          }}
        />
      )}
    </>
  );
}
