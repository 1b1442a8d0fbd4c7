import {
  Button,
  Card,
  CardBody,
  CardFooter,
  CardHeader,
  CardTitle,
  DropdownItem,
  DropdownList,
  Label,
  MenuToggle,
  type LabelProps,
  type MenuToggleElement,
} from '@patternfly/react-core';
import { EllipsisVIcon, VideoIcon } from '@patternfly/react-icons';
import { lazy, Suspense, useState, type Ref } from 'react';
import { useNavigate } from 'react-router';
import { Failure } from '../api/failure';
import { leaveQueue } from '../api/portal';
import type { Desktop, DesktopState } from '../api/types';
import { ConfirmDialog, type Confirmation } from '../app/ConfirmDialog';
import { FailureAlert } from '../app/FailureAlert';
import { ToggleMenu } from '../app/ToggleMenu';
import { useToasts } from '../app/toasts';
import { useLanguage } from '../i18n/language';
import { DesktopPicture } from './DesktopPicture';
import { offer, sessionActions } from './offer';
import { QueueNote } from './QueueNote';
import { useSessionQuestions } from './sessionQuestions';
import { StartBar } from './StartProgress';

const NativeViewerDialog = lazy(() => import('../nativeviewer/NativeViewerDialog'));
const SnapshotsDialog = lazy(() => import('../snapshots/SnapshotsDialog'));

const STATE_STATUS: Record<DesktopState, Pick<LabelProps, 'color' | 'status'>> = {
  NONE: { color: 'grey' },
  QUEUED: { color: 'purple' },
  STARTING: { status: 'info' },
  READY: { status: 'success' },
  CONNECTED: { status: 'success' },
  DISCONNECTED: { color: 'blue' },
  RESTARTING: { status: 'info' },
  LOGGING_OFF: { color: 'grey' },
  FAILED: { status: 'danger' },
  UNAVAILABLE: { status: 'warning' },
};

export function DesktopCard({ desktop }: { desktop: Desktop }) {
  const { t } = useLanguage();
  const navigate = useNavigate();
  const toasts = useToasts();
  const questions = useSessionQuestions();
  const [menuOpen, setMenuOpen] = useState(false);
  const [ask, setAsk] = useState<Confirmation>();
  const [snapshots, setSnapshots] = useState(false);
  const [nativeViewer, setNativeViewer] = useState(false);
  const what = offer(desktop);
  const path = `/desktop/${encodeURIComponent(desktop.poolId)}`;
  const titleId = `desktop-${desktop.poolId}`;
  const starting = desktop.state === 'STARTING' || desktop.state === 'RESTARTING';

  const session = sessionActions(desktop) ? desktop.sessionId : undefined;
  const menu = what !== 'none' && (
    <ToggleMenu
      isOpen={menuOpen}
      onOpenChange={setMenuOpen}
      onSelect={() => setMenuOpen(false)}
      popperProps={{ position: 'right' }}
      toggle={(ref: Ref<MenuToggleElement>) => (
        <MenuToggle
          ref={ref}
          variant="plain"
          icon={<EllipsisVIcon />}
          isExpanded={menuOpen}
          onClick={() => setMenuOpen(!menuOpen)}
          aria-label={t('desktop.actions', { name: desktop.name })}
        />
      )}
    >
      <DropdownList>
        <DropdownItem to={path} target="_blank" rel="noopener">
          {t('desktop.newWindow')}
        </DropdownItem>
        {desktop.nativeViewers && (
          <DropdownItem onClick={() => setNativeViewer(true)}>{t('nativeViewer.open')}</DropdownItem>
        )}
        {session !== undefined && (
          <>
            <DropdownItem onClick={() => setSnapshots(true)}>{t('snapshots.open')}</DropdownItem>
            <DropdownItem onClick={() => setAsk(questions.restart(desktop.name, session))}>{t('desktop.restart')}</DropdownItem>
            <DropdownItem isDanger onClick={() => setAsk(questions.logOff(desktop.name, session))}>
              {t('desktop.logOff')}
            </DropdownItem>
          </>
        )}
      </DropdownList>
    </ToggleMenu>
  );

  return (
    <Card
      component="article"
      aria-labelledby={titleId}
      className="oriel-desktop"
      data-pool={desktop.poolId}
      data-state={desktop.state}
    >
      <DesktopPicture desktop={desktop} />
      <CardHeader {...(menu && { actions: { actions: menu } })}>
        <CardTitle component="h2" id={titleId}>
          {desktop.name}
        </CardTitle>
      </CardHeader>
      <CardBody isFilled>
        <div className="oriel-desktop__state">
          <Label isCompact {...STATE_STATUS[desktop.state]}>
            {t(`desktop.state.${desktop.state}`)}
          </Label>
          {desktop.machine && <span className="oriel-subtle">{desktop.machine}</span>}
        </div>
        {desktop.description && <p className="oriel-desktop__description">{desktop.description}</p>}
        {desktop.recorded && (
          <p className="oriel-desktop__recorded">
            <VideoIcon aria-hidden="true" /> {t('recorded.before')}
          </p>
        )}
        {desktop.problem && <FailureAlert failure={new Failure(desktop.problem)} />}
        {starting && <StartBar desktop={desktop} />}
        {desktop.state === 'QUEUED' && <QueueNote desktop={desktop} />}
        {!starting && desktop.state !== 'QUEUED' && !desktop.problem && (
          <p className="oriel-subtle">{t(`offer.${what}.text`)}</p>
        )}
      </CardBody>
      <CardFooter className="oriel-desktop__foot">
        <Button
          isDisabled={what === 'none'}
          variant={what === 'watch' ? 'secondary' : 'primary'}
          aria-label={`${t(`offer.${what}`)}: ${desktop.name}`}
          onClick={() => void navigate(path)}
        >
          {t(`offer.${what}`)}
        </Button>
        {desktop.state === 'QUEUED' && (
          <Button variant="link" onClick={() => void leaveQueue(desktop.poolId).catch(toasts.failed)}>
            {t('queue.leave')}
          </Button>
        )}
      </CardFooter>
      {snapshots && desktop.machine !== undefined && (
        <Suspense fallback={null}>
          <SnapshotsDialog machine={desktop.machine} name={desktop.name} writes close={() => setSnapshots(false)} />
        </Suspense>
      )}
      {nativeViewer && (
        <Suspense fallback={null}>
          <NativeViewerDialog desktop={desktop} close={() => setNativeViewer(false)} />
        </Suspense>
      )}
      {ask && <ConfirmDialog ask={ask} close={() => setAsk(undefined)} />}
    </Card>
  );
}
