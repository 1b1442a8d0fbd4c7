import { Button, Form, FormGroup, Modal, ModalBody, ModalFooter, ModalHeader, TextArea } from '@patternfly/react-core';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import { FailureAlert } from '../app/FailureAlert';
import { useSubmit } from '../app/useSubmit';
import { useLanguage } from '../i18n/language';
import { askToShadow } from './api';

/** The contract's bound (ShadowCreate). */
const LONGEST = 300;

export function AskToWatchDialog({ sessionId, name, close }: { sessionId: string; name: string; close: () => void }) {
  const { t } = useLanguage();
  const navigate = useNavigate();
  const [reason, setReason] = useState('');
  const { busy, failure, submit } = useSubmit(async () => {
    const { id } = await askToShadow(sessionId, reason.trim());
    void navigate(`/helpdesk/watch/${sessionId}/${id}`);
  });
  return (
    <Modal isOpen variant="small" onClose={close} aria-labelledby="watch-title">
      <ModalHeader title={t('watch.ask.title', { name })} labelId="watch-title" description={t('watch.ask.text')} />
      <ModalBody>
        <Form id="watch-form" onSubmit={(event) => void submit(event)}>
          {failure && <FailureAlert failure={failure} />}
          <FormGroup label={t('watch.reason')} fieldId="watch-reason">
            <TextArea id="watch-reason" autoFocus rows={2} maxLength={LONGEST} resizeOrientation="vertical" value={reason} onChange={(_, value) => setReason(value)} />
          </FormGroup>
        </Form>
      </ModalBody>
      <ModalFooter>
        <Button type="submit" form="watch-form" isLoading={busy} isDisabled={busy}>
          {t('watch.ask')}
        </Button>
        <Button variant="link" onClick={close}>
          {t('action.cancel')}
        </Button>
      </ModalFooter>
    </Modal>
  );
}
