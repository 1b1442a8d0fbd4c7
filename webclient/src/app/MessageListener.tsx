import { Button, Modal, ModalBody, ModalFooter, ModalHeader } from '@patternfly/react-core';
import { useEffect, useState } from 'react';
import type { Message } from '../api/events';
import { useLanguage } from '../i18n/language';
import { useEvents } from './live';
import { useToasts } from './toasts';

/** Shows what the helpdesk writes: a note in the corner, or a dialog if it is urgent. Always as plain text. */
export function MessageListener() {
  const { t } = useLanguage();
  const stream = useEvents();
  const toasts = useToasts();
  const [urgent, setUrgent] = useState<readonly Message[]>([]);

  useEffect(
    () =>
      stream.on('message', (message) => {
        if (message.severity === 'WARNING') setUrgent((before) => [...before, message]);
        else toasts.note(t('message.from', { name: message.from }), message.text);
      }),
    [stream, toasts, t],
  );

  const [first] = urgent;
  if (!first) return null;
  const close = (): void => setUrgent((before) => before.slice(1));
  return (
    <Modal isOpen variant="small" onClose={close} aria-labelledby="urgent-title" aria-describedby="urgent-text" role="alertdialog">
      <ModalHeader title={t('message.from', { name: first.from })} titleIconVariant="warning" labelId="urgent-title" />
      <ModalBody id="urgent-text" className="oriel-plain-text">
        {first.text}
      </ModalBody>
      <ModalFooter>
        <Button autoFocus onClick={close}>
          {t('message.read')}
        </Button>
      </ModalFooter>
    </Modal>
  );
}
