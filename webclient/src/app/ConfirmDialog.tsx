import { Button, FormGroup, Modal, ModalBody, ModalFooter, ModalHeader, TextInput } from '@patternfly/react-core';
import { useState, type ReactNode } from 'react';
import { useLanguage } from '../i18n/language';
import { FailureAlert } from './FailureAlert';
import { useSubmit } from './useSubmit';

export interface Confirmation {
  title: string;
  /** What will be lost. */
  text: ReactNode;
  confirm: string;
  destructive?: boolean;
  /** There is more to see than a sentence. */
  wide?: boolean;
  /** What has to be typed first, for what can't be undone and takes much with it. */
  typed?: string;
  /** Done when it resolves; a failure is shown in the dialog, which stays open. */
  act: () => Promise<unknown>;
}

export function ConfirmDialog({ ask, close }: { ask: Confirmation; close: () => void }) {
  const { t } = useLanguage();
  const [typed, setTyped] = useState('');
  const held = ask.typed !== undefined && typed.trim() !== ask.typed;

  const { busy, failure, submit } = useSubmit(async () => {
    await ask.act();
    close();
  });

  return (
    <Modal isOpen variant={ask.wide ? 'medium' : 'small'} onClose={close} aria-labelledby="confirm-title" aria-describedby="confirm-text">
      <ModalHeader title={ask.title} labelId="confirm-title" {...(ask.destructive && { titleIconVariant: 'warning' })} />
      <ModalBody id="confirm-text">
        {ask.text}
        {ask.typed !== undefined && (
          <FormGroup className="oriel-confirm__typed" label={t('confirm.type', { name: ask.typed })} fieldId="confirm-typed">
            <TextInput
              id="confirm-typed"
              autoComplete="off"
              spellCheck={false}
              autoCapitalize="none"
              value={typed}
              onChange={(_, value) => setTyped(value)}
            />
          </FormGroup>
        )}
        {failure && <FailureAlert failure={failure} />}
      </ModalBody>
      <ModalFooter>
        <Button
          variant={ask.destructive ? 'danger' : 'primary'}
          isLoading={busy}
          isDisabled={busy || held}
          onClick={() => void submit()}
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
