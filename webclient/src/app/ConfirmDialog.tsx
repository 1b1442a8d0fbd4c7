import { Button, Modal, ModalBody, ModalFooter, ModalHeader } from '@patternfly/react-core';
import { useState, type ReactNode } from 'react';
import { asFailure, type Failure } from '../api/failure';
import { useLanguage } from '../i18n/language';
import { FailureAlert } from './FailureAlert';

export interface Confirmation {
  title: string;
  /** What will be lost. */
  text: ReactNode;
  confirm: string;
  destructive?: boolean;
  /** Done when it resolves; a failure is shown in the dialog, which stays open. */
  act: () => Promise<unknown>;
}

export function ConfirmDialog({ ask, close }: { ask: Confirmation; close: () => void }) {
  const { t } = useLanguage();
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Failure>();

  const confirm = async (): Promise<void> => {
    setBusy(true);
    setFailure(undefined);
    try {
      await ask.act();
      close();
    } catch (error) {
      setFailure(asFailure(error));
      setBusy(false);
    }
  };

  return (
    <Modal isOpen variant="small" onClose={close} aria-labelledby="confirm-title" aria-describedby="confirm-text">
      <ModalHeader title={ask.title} labelId="confirm-title" {...(ask.destructive && { titleIconVariant: 'warning' })} />
      <ModalBody id="confirm-text">
        {ask.text}
        {failure && <FailureAlert failure={failure} />}
      </ModalBody>
      <ModalFooter>
        <Button
          variant={ask.destructive ? 'danger' : 'primary'}
          isLoading={busy}
          isDisabled={busy}
          onClick={() => void confirm()}
        >
          {ask.confirm}
        </Button>
        <Button variant="link" onClick={close}>
          {t('action.cancel')}
        </Button>
      </ModalFooter>
    </Modal>
  );
}
