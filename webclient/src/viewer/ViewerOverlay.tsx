import { Button, Spinner, Title } from '@patternfly/react-core';
import {
  BanIcon,
  CheckCircleIcon,
  DisconnectedIcon,
  ExclamationTriangleIcon,
  PowerOffIcon,
  UsersIcon,
} from '@patternfly/react-icons';
import { useEffect, useState, type ReactNode } from 'react';
import { Failure } from '../api/failure';
import { leaveQueue } from '../api/portal';
import { explain } from '../app/explain';
import { useToasts } from '../app/toasts';
import { QueueNote } from '../desktops/QueueNote';
import { StartSteps } from '../desktops/StartProgress';
import { useLanguage } from '../i18n/language';
import type { Phase } from './connection';
import type { Ending } from './ending';

interface Props {
  name: string;
  poolId: string;
  phase: Phase;
  retryNow: () => void;
  cancel: () => void;
  start: () => void;
  back: () => void;
}

/** What stands over the screen whenever the desktop is not there. */
export function ViewerOverlay(props: Props) {
  const { phase, name } = props;
  switch (phase.kind) {
    case 'connected':
      return null;
    case 'ended':
      return phase.ending.cause === 'LEFT' ? null : <Ended {...props} ending={phase.ending} />;
    case 'reconnecting':
      return <Reconnecting {...props} phase={phase} />;
    case 'waiting':
      return phase.desktop.state === 'QUEUED' ? (
        <Queued {...props} phase={phase} />
      ) : (
        <Starting {...props} desktop={phase.desktop} name={name} />
      );
    case 'requesting':
      return <Starting {...props} desktop={undefined} />;
    case 'opening':
    case 'drawing':
      return <Starting {...props} desktop={phase.desktop} draw="drawing" />;
  }
}

interface PaneProps {
  title: string;
  icon?: ReactNode;
  text?: ReactNode;
  children?: ReactNode;
  buttons: ReactNode;
}

function Pane({ title, icon, text, children, buttons }: PaneProps) {
  return (
    <div className="oriel-overlay">
      <section className="oriel-overlay__pane" aria-live="polite">
        {icon && <div className="oriel-overlay__icon">{icon}</div>}
        <Title headingLevel="h2" size="xl">
          {title}
        </Title>
        {text && <p className="oriel-subtle">{text}</p>}
        {children}
        <div className="oriel-overlay__buttons">{buttons}</div>
      </section>
    </div>
  );
}

function Starting({
  name,
  desktop,
  draw,
  back,
}: Props & { desktop: Parameters<typeof StartSteps>[0]['desktop']; draw?: 'drawing' }) {
  const { t } = useLanguage();
  const restarting = desktop?.state === 'RESTARTING';
  return (
    <Pane
      title={t(restarting ? 'viewer.restarting' : 'viewer.starting', { name })}
      buttons={
        <Button variant="link" onClick={back}>
          {t('viewer.back')}
        </Button>
      }
    >
      <StartSteps desktop={desktop} {...(draw && { draw })} />
    </Pane>
  );
}

function Queued({ name, poolId, phase, back }: Props & { phase: Phase & { kind: 'waiting' } }) {
  const { t } = useLanguage();
  const toasts = useToasts();
  return (
    <Pane
      title={t('viewer.queued', { name })}
      text={t('viewer.queuedHelp')}
      icon={<UsersIcon />}
      buttons={
        <>
          <Button variant="secondary" onClick={back}>
            {t('viewer.back')}
          </Button>
          <Button variant="link" onClick={() => void leaveQueue(poolId).then(back, toasts.failed)}>
            {t('queue.leave')}
          </Button>
        </>
      }
    >
      <QueueNote desktop={phase.desktop} />
    </Pane>
  );
}

/** A drop that is over at once needs no words. */
const PATIENCE_MS = 400;

function Reconnecting({ name, phase, retryNow, cancel }: Props & { phase: Phase & { kind: 'reconnecting' } }) {
  const { t, n } = useLanguage();
  const [patient, setPatient] = useState(true);
  const [now, setNow] = useState(() => performance.now());
  useEffect(() => {
    const timer = setTimeout(() => setPatient(false), PATIENCE_MS);
    const ticker = setInterval(() => setNow(performance.now()), 1000);
    return () => {
      clearTimeout(timer);
      clearInterval(ticker);
    };
  }, []);
  if (patient && !phase.restarting) return <div className="oriel-overlay oriel-overlay--bare" />;

  const left = phase.retryAt === undefined ? 0 : Math.ceil((phase.retryAt - now) / 1000);
  const next = left > 1 ? n('viewer.nextAttempt', left) : t('viewer.attempting', { attempt: phase.attempt });
  return (
    <Pane
      title={t(phase.restarting ? 'viewer.restarting' : 'viewer.reconnecting', { name })}
      text={
        phase.offline
          ? t('viewer.offline')
          : t(phase.restarting ? 'viewer.restartingHelp' : 'viewer.reconnectingHelp')
      }
      icon={phase.restarting ? undefined : <Spinner size="lg" aria-label={t('viewer.reconnecting')} />}
      buttons={
        <>
          {!phase.restarting && (
            <Button variant="secondary" onClick={retryNow}>
              {t('viewer.tryNow')}
            </Button>
          )}
          <Button variant="link" onClick={cancel}>
            {t('action.cancel')}
          </Button>
        </>
      }
    >
      {phase.restarting ? (
        <StartSteps desktop={phase.desktop} />
      ) : (
        <p className="oriel-subtle" aria-live="off">
          {next}
        </p>
      )}
    </Pane>
  );
}

const ENDING_ICON: Record<Exclude<Ending['cause'], 'LEFT'>, ReactNode> = {
  SESSION_ENDED: <CheckCircleIcon />,
  MACHINE_STOPPED: <PowerOffIcon />,
  REVOKED: <BanIcon />,
  REPLACED: <UsersIcon />,
  CANCELLED: <DisconnectedIcon />,
  GAVE_UP: <DisconnectedIcon />,
  REFUSED: <ExclamationTriangleIcon />,
};

function Ended({ ending, start, back }: Props & { ending: Ending }) {
  const language = useLanguage();
  const { t } = language;
  if (ending.cause === 'LEFT') return null;
  const words =
    ending.cause === 'REFUSED'
      ? explain(ending.failure instanceof Failure ? ending.failure : new Failure({ reason: 'UNEXPECTED' }), language)
      : { title: t(`ended.${ending.cause}.title`), help: t(`ended.${ending.cause}.help`) };
  const again = ending.cause === 'REFUSED' ? t('action.retry') : t(`ended.${ending.cause}.again`);
  return (
    <Pane
      title={words.title}
      text={words.help}
      icon={ENDING_ICON[ending.cause]}
      buttons={
        <>
          <Button autoFocus onClick={back}>
            {t('viewer.back')}
          </Button>
          <Button variant="secondary" onClick={start}>
            {again}
          </Button>
        </>
      }
    />
  );
}
