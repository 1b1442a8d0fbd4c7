import {
  Button,
  DescriptionList,
  DescriptionListDescription,
  DescriptionListGroup,
  DescriptionListTerm,
  Modal,
  ModalBody,
  ModalFooter,
  ModalHeader,
} from '@patternfly/react-core';
import { EyeIcon } from '@patternfly/react-icons';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { desktops } from '../api/portal';
import { FailureAlert } from '../app/FailureAlert';
import { DESKTOPS, useEvents } from '../app/live';
import { useToasts } from '../app/toasts';
import { useSubmit } from '../app/useSubmit';
import { useCountdown } from '../desktops/useCountdown';
import { useLanguage } from '../i18n/language';
import { useMe } from '../identity/identity';
import { answerShadow, endShadow, shadows, type Shadow } from './api';

/**
 * Asks a person whether somebody may watch their desktop, on every page of theirs, and shows as long as somebody may.
 * Silence is no: the broker's question ends by itself.
 */
export function ConsentListener() {
  const me = useMe();
  const client = useQueryClient();
  const stream = useEvents();
  const [open, setOpen] = useState<readonly Shadow[]>([]);

  useEffect(() => {
    const put = (shadow: Shadow): void => {
      if (shadow.username !== me.username) return;
      const live = shadow.state === 'ASKED' || shadow.state === 'GRANTED';
      setOpen((before) => [...before.filter(({ id }) => id !== shadow.id), ...(live ? [shadow] : [])]);
    };
    // Who was asked and loaded the page anew, or missed an event, still sees the question.
    const readAgain = async (): Promise<void> => {
      const mine = await client.query({ queryKey: DESKTOPS, queryFn: desktops });
      const lists = await Promise.all(mine.flatMap(({ sessionId, state }) => (sessionId && state === 'CONNECTED' ? [shadows(sessionId)] : [])));
      setOpen(lists.flat().filter(({ username, state }) => username === me.username && (state === 'ASKED' || state === 'GRANTED')));
    };
    const off = [
      stream.on('shadow', put),
      stream.on('hello', () => {
        // Without an answer there is nothing to show; the next event tells.
        readAgain().catch(() => undefined);
      }),
    ];
    return () => off.forEach((stop) => stop());
  }, [client, stream, me.username]);

  const asked = open.find(({ state }) => state === 'ASKED');
  const granted = open.filter(({ state }) => state === 'GRANTED');
  return (
    <>
      {asked && <Question key={asked.id} shadow={asked} />}
      {granted.map((shadow) => (
        <Watched key={shadow.id} shadow={shadow} />
      ))}
    </>
  );
}

function Question({ shadow }: { shadow: Shadow }) {
  const { t, n } = useLanguage();
  const [seconds] = useState(() => Math.round((Date.parse(shadow.expires) - Date.now()) / 1000));
  const left = useCountdown(seconds, shadow.id);
  const allow = useSubmit(() => answerShadow(shadow, true));
  const deny = useSubmit(() => answerShadow(shadow, false));
  const failure = allow.failure ?? deny.failure;
  return (
    <Modal
      isOpen
      variant="small"
      role="alertdialog"
      onClose={() => void deny.submit()}
      aria-labelledby="shadow-title"
      aria-describedby="shadow-text"
    >
      <ModalHeader title={t('shadow.question', { name: shadow.requesterName })} labelId="shadow-title" titleIconVariant={EyeIcon} />
      <ModalBody id="shadow-text">
        <p>{t('shadow.consent')}</p>
        {shadow.reason && (
          <DescriptionList isCompact className="oriel-consent__reason">
            <DescriptionListGroup>
              <DescriptionListTerm>{t('shadow.reason')}</DescriptionListTerm>
              <DescriptionListDescription className="oriel-plain-text">{shadow.reason}</DescriptionListDescription>
            </DescriptionListGroup>
          </DescriptionList>
        )}
        <p className="oriel-subtle" aria-live="off">
          {left !== undefined && n('shadow.left', left)}
        </p>
        {failure && <FailureAlert failure={failure} />}
      </ModalBody>
      <ModalFooter>
        <Button isLoading={allow.busy} isDisabled={allow.busy} onClick={() => void allow.submit()}>
          {t('shadow.allow')}
        </Button>
        <Button variant="secondary" isDisabled={deny.busy} onClick={() => void deny.submit()}>
          {t('shadow.deny')}
        </Button>
      </ModalFooter>
    </Modal>
  );
}

/** Stays in sight as long as somebody may watch. */
function Watched({ shadow }: { shadow: Shadow }) {
  const { t } = useLanguage();
  const toasts = useToasts();
  return (
    <div className="oriel-watched" role="status">
      <EyeIcon />
      <span>{t(shadow.watching ? 'shadow.watches' : 'shadow.mayWatch', { name: shadow.requesterName })}</span>
      <Button size="sm" variant="secondary" onClick={() => void endShadow(shadow).catch(toasts.failed)}>
        {t('shadow.stop')}
      </Button>
    </div>
  );
}
