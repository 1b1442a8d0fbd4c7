import {
  Button,
  Form,
  FormGroup,
  FormHelperText,
  HelperText,
  HelperTextItem,
  Modal,
  ModalBody,
  ModalFooter,
  ModalHeader,
  TextArea,
  TextInput,
} from '@patternfly/react-core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { FailureAlert } from '../../app/FailureAlert';
import { useToasts } from '../../app/toasts';
import { useSubmit } from '../../app/useSubmit';
import { useLanguage } from '../../i18n/language';
import { registerImage } from '../api';
import { ID, idFor } from '../pool/poolDraft';

/** Makes a built image directory of the server a golden image, or a new version of the image `name`. */
export function RegisterImageDialog({ name: existing, close }: { name?: string; close: () => void }) {
  const { t } = useLanguage();
  const client = useQueryClient();
  const toasts = useToasts();
  const [displayName, setDisplayName] = useState('');
  const [name, setName] = useState(existing ?? '');
  const [ownName, setOwnName] = useState(false);
  const [directory, setDirectory] = useState('');
  const [changelog, setChangelog] = useState('');
  const badName = name !== '' && !ID.test(name);

  const { busy, failure, submit } = useSubmit(async () => {
    const image = await registerImage({
      name,
      directory: directory.trim(),
      ...(displayName.trim() && { displayName: displayName.trim() }),
      ...(changelog.trim() && { changelog: changelog.trim() }),
    });
    await client.invalidateQueries({ queryKey: ['image'] });
    toasts.success(t('images.registered', { name: image.displayName }));
    close();
  });

  return (
    <Modal isOpen variant="small" onClose={close} aria-labelledby="register-title">
      <ModalHeader title={existing ? t('images.newVersionOf', { name: existing }) : t('images.register')} labelId="register-title" />
      <ModalBody>
        <Form id="register-image" onSubmit={(event) => void submit(event)}>
          {failure && <FailureAlert failure={failure} />}
          {!existing && (
            <>
              <FormGroup label={t('wizard.displayName')} fieldId="image-display-name">
                <TextInput
                  id="image-display-name"
                  autoFocus
                  maxLength={120}
                  value={displayName}
                  onChange={(_, value) => {
                    setDisplayName(value);
                    if (!ownName) setName(idFor(value));
                  }}
                />
              </FormGroup>
              <FormGroup label={t('wizard.id')} fieldId="image-name" isRequired>
                <TextInput
                  id="image-name"
                  isRequired
                  spellCheck={false}
                  autoCapitalize="none"
                  validated={badName ? 'error' : 'default'}
                  aria-describedby="image-name-help"
                  value={name}
                  onChange={(_, value) => {
                    setOwnName(true);
                    setName(value);
                  }}
                />
                <FormHelperText>
                  <HelperText id="image-name-help">
                    <HelperTextItem variant={badName ? 'error' : 'default'}>{t('wizard.idHelp')}</HelperTextItem>
                  </HelperText>
                </FormHelperText>
              </FormGroup>
            </>
          )}
          <FormGroup label={t('images.directory')} fieldId="image-directory" isRequired>
            <TextInput
              id="image-directory"
              isRequired
              autoFocus={existing !== undefined}
              spellCheck={false}
              autoCapitalize="none"
              maxLength={1024}
              aria-describedby="image-directory-help"
              value={directory}
              onChange={(_, value) => setDirectory(value)}
            />
            <FormHelperText>
              <HelperText id="image-directory-help">
                <HelperTextItem>{t('images.directoryHelp')}</HelperTextItem>
              </HelperText>
            </FormHelperText>
          </FormGroup>
          <FormGroup label={t('images.changelog')} fieldId="image-changelog">
            <TextArea
              id="image-changelog"
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
        <Button type="submit" form="register-image" isLoading={busy} isDisabled={busy || !ID.test(name) || directory.trim() === ''}>
          {t('images.register')}
        </Button>
        <Button variant="link" onClick={close}>
          {t('action.cancel')}
        </Button>
      </ModalFooter>
    </Modal>
  );
}
