import { Button, Form, FormGroup, Modal, ModalBody, ModalFooter, ModalHeader, Radio, TextArea } from '@patternfly/react-core';
import { useState } from 'react';
import { FailureAlert } from '../app/FailureAlert';
import { useSubmit } from '../app/useSubmit';
import { useLanguage } from '../i18n/language';
import { sendMessage } from './api';

/** The contract's bound (MessageCreate). */
const LONGEST = 1000;
const SEVERITIES = ['INFO', 'WARNING'] as const;

interface Props {
  name: string;
  sessionId: string;
  close: () => void;
  sent: (pages: number) => void;
}

export function MessageDialog({ name, sessionId, close, sent }: Props) {
  const { t } = useLanguage();
  const [text, setText] = useState('');
  const [severity, setSeverity] = useState<(typeof SEVERITIES)[number]>('INFO');
  const { busy, failure, submit } = useSubmit(async () => sent(await sendMessage(sessionId, { text: text.trim(), severity })));

  return (
    <Modal isOpen variant="small" onClose={close} aria-labelledby="message-title">
      <ModalHeader title={t('message.to', { name })} labelId="message-title" description={t('message.where')} />
      <ModalBody>
        <Form id="message-form" onSubmit={(event) => void submit(event)}>
          {failure && <FailureAlert failure={failure} />}
          <FormGroup label={t('message.text')} fieldId="message-text" isRequired>
            <TextArea
              id="message-text"
              autoFocus
              isRequired
              rows={4}
              maxLength={LONGEST}
              resizeOrientation="vertical"
              value={text}
              onChange={(_, value) => setText(value)}
            />
          </FormGroup>
          <FormGroup role="radiogroup" label={t('message.how')} fieldId="message-INFO">
            {SEVERITIES.map((choice) => (
              <Radio
                key={choice}
                id={`message-${choice}`}
                name="message-severity"
                label={t(`message.${choice}`)}
                description={t(`message.${choice}.help`)}
                isChecked={severity === choice}
                onChange={() => setSeverity(choice)}
              />
            ))}
          </FormGroup>
        </Form>
      </ModalBody>
      <ModalFooter>
        <Button type="submit" form="message-form" isLoading={busy} isDisabled={busy || text.trim() === ''}>
          {t('message.send')}
        </Button>
        <Button variant="link" onClick={close}>
          {t('action.cancel')}
        </Button>
      </ModalFooter>
    </Modal>
  );
}
