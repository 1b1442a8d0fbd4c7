import {
  Button,
  Checkbox,
  ClipboardCopy,
  DescriptionList,
  DescriptionListDescription,
  DescriptionListGroup,
  DescriptionListTerm,
  ExpandableSection,
  Modal,
  ModalBody,
  ModalFooter,
  ModalHeader,
  Spinner,
} from '@patternfly/react-core';
import { VideoIcon } from '@patternfly/react-icons';
import { useEffect, useState, type ReactNode } from 'react';
import type { Desktop } from '../api/types';
import { download } from '../app/download';
import { FailureAlert } from '../app/FailureAlert';
import { QueueNote } from '../desktops/QueueNote';
import { StartBar } from '../desktops/StartProgress';
import { useLanguage } from '../i18n/language';
import type { NativeViewerAccess } from './api';
import { useAccess } from './useAccess';
import './nativeviewer.css';

/** What a person needs to open their desktop in a VNC viewer. */
export default function NativeViewerDialog({ desktop, close }: { desktop: Desktop; close: () => void }) {
  const { t } = useLanguage();
  const [viewOnly, setViewOnly] = useState(false);
  const { access, goodUntil, failure, renew } = useAccess(desktop, viewOnly ? 'view' : 'control');
  const name = desktop.name;

  return (
    <Modal isOpen variant="medium" onClose={close} aria-labelledby="native-viewer-title" aria-describedby="native-viewer-text">
      <ModalHeader title={t('nativeViewer.title', { name })} labelId="native-viewer-title" />
      <ModalBody className="oriel-native-viewer">
        <p id="native-viewer-text">{t('nativeViewer.text')}</p>
        {desktop.recorded && (
          <p className="oriel-desktop__recorded">
            <VideoIcon aria-hidden="true" /> {t('recorded.before')}
          </p>
        )}
        {failure ? (
          <FailureAlert failure={failure} retry={renew} />
        ) : access ? (
          <>
            <Facts access={access} goodUntil={goodUntil} renew={renew} />
            <Certificate access={access} />
          </>
        ) : (
          <Waiting desktop={desktop} />
        )}
        <Checkbox
          id="native-viewer-view-only"
          label={t('nativeViewer.viewOnly')}
          description={t('nativeViewer.viewOnly.help')}
          isChecked={viewOnly}
          onChange={(_, checked) => setViewOnly(checked)}
        />
      </ModalBody>
      <ModalFooter>
        <Button
          isDisabled={!access}
          onClick={() => access && download(`${desktop.poolId}.tigervnc`, 'application/x-tigervnc', access.connectionFile)}
        >
          {t('nativeViewer.file')}
        </Button>
        <Button variant="link" onClick={close}>
          {t('action.close')}
        </Button>
      </ModalFooter>
    </Modal>
  );
}

function Waiting({ desktop }: { desktop: Desktop }) {
  const { t } = useLanguage();
  if (desktop.state === 'QUEUED') return <QueueNote desktop={desktop} />;
  return desktop.stages.length > 0 ? <StartBar desktop={desktop} /> : <Spinner size="lg" aria-label={t('state.loading')} />;
}

function Fact({ term, children }: { term: string; children: ReactNode }) {
  return (
    <DescriptionListGroup>
      <DescriptionListTerm>{term}</DescriptionListTerm>
      <DescriptionListDescription>{children}</DescriptionListDescription>
    </DescriptionListGroup>
  );
}

function Copied({ label, children }: { label: string; children: string }) {
  const { t } = useLanguage();
  return (
    <ClipboardCopy isReadOnly hoverTip={t('action.copy')} clickTip={t('action.copied')} textAriaLabel={label}>
      {children}
    </ClipboardCopy>
  );
}

function Facts({ access, goodUntil, renew }: { access: NativeViewerAccess; goodUntil: number; renew: () => void }) {
  const { t, n } = useLanguage();
  const left = useSecondsTo(goodUntil);
  return (
    <DescriptionList aria-label={t('nativeViewer.facts')}>
      <Fact term={t('nativeViewer.address')}>
        <Copied label={t('nativeViewer.address')}>{address(access)}</Copied>
      </Fact>
      <Fact term={t('signIn.username')}>
        <Copied label={t('signIn.username')}>{access.username}</Copied>
      </Fact>
      <Fact term={t('nativeViewer.password')}>
        {left > 0 ? (
          <>
            <Copied label={t('nativeViewer.password')}>{access.password}</Copied>
            <span className="oriel-subtle">{n('nativeViewer.left', left)}</span>
          </>
        ) : (
          <div role="status">
            {t('nativeViewer.expired')}{' '}
            <Button variant="link" isInline onClick={renew}>
              {t('nativeViewer.renew')}
            </Button>
          </div>
        )}
      </Fact>
    </DescriptionList>
  );
}

/** What tells the server from somebody in between, for viewers that don't know who vouches for it. */
function Certificate({ access }: { access: NativeViewerAccess }) {
  const { t } = useLanguage();
  return (
    <ExpandableSection toggleText={t('nativeViewer.certificate')} isIndented>
      <p>{t('nativeViewer.certificate.help')}</p>
      <DescriptionList isCompact>
        <Fact term={t('nativeViewer.fingerprint')}>
          <code className="oriel-native-viewer__code">{access.fingerprint}</code>
        </Fact>
        <Fact term={t('nativeViewer.pin')}>
          <code className="oriel-native-viewer__code">{access.publicKeyPin}</code>
        </Fact>
      </DescriptionList>
      <Button
        variant="link"
        isInline
        onClick={() => download(`${access.host}.pem`, 'application/x-pem-file', access.certificate)}
      >
        {t('nativeViewer.certificate.save')}
      </Button>
    </ExpandableSection>
  );
}

/** As VNC viewers take it: two colons, or a small port would be read as a display's number. */
function address({ host, port }: NativeViewerAccess): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]::${String(port)}` : `${host}::${String(port)}`;
}

/** Whole seconds to a moment, counted down; never below 0. */
function useSecondsTo(end: number): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [end]);
  return Math.max(0, Math.ceil((end - now) / 1000));
}
