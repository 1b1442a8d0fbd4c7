import { Button, Form, FormGroup, Modal, ModalBody, ModalFooter, ModalHeader, TextArea } from '@patternfly/react-core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { FailureAlert } from '../app/FailureAlert';
import { useSubmit } from '../app/useSubmit';
import { useLanguage } from '../i18n/language';
import { sealMaintenance } from './api';

/** Makes the machine the next version of its image. */
export function SealDialog({ image, close }: { image: string; close: () => void }) {
  const { t } = useLanguage();
  const client = useQueryClient();
  const [changelog, setChangelog] = useState('');
  const { busy, failure, submit } = useSubmit(async () => {
    await sealMaintenance(image, changelog.trim());
    await client.invalidateQueries({ queryKey: ['image'] });
    close();
  });
  return (
    <Modal isOpen variant="small" onClose={close} aria-labelledby="seal-title">
      <ModalHeader title={t('maintenance.seal.title', { name: image })} labelId="seal-title" description={t('maintenance.seal.help')} />
      <ModalBody>
        <Form id="seal-image" onSubmit={(event) => void submit(event)}>
          {failure && <FailureAlert failure={failure} />}
          <FormGroup label={t('maintenance.seal.changelog')} fieldId="seal-changelog" isRequired>
            <TextArea
              id="seal-changelog"
              autoFocus
              isRequired
              rows={3}
              maxLength={4000}
              resizeOrientation="vertical"
              value={changelog}
              onChange={(_, value) => setChangelog(value)}
            />
          </FormGroup>
        </Form>
      </ModalBody>
      <ModalFooter>
        <Button type="submit" form="seal-image" isLoading={busy} isDisabled={busy || changelog.trim() === ''}>
          {t('maintenance.seal')}
        </Button>
        <Button variant="link" onClick={close}>
          {t('action.cancel')}
        </Button>
      </ModalFooter>
    </Modal>
  );
}
