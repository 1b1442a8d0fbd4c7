import { Button, Form, FormGroup, Modal, ModalBody, ModalFooter, ModalHeader, TextArea, TextInput } from '@patternfly/react-core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { Image } from '../../api/types';
import { FailureAlert } from '../../app/FailureAlert';
import { useToasts } from '../../app/toasts';
import { useSubmit } from '../../app/useSubmit';
import { useLanguage } from '../../i18n/language';
import { buildImage } from '../api';
import { ID } from '../pool/poolDraft';

/** Builds a new version of an image from a recipe of the server. */
export function BuildImageDialog({ image, close }: { image: Image; close: () => void }) {
  const { t } = useLanguage();
  const client = useQueryClient();
  const toasts = useToasts();
  const [recipe, setRecipe] = useState(image.name);
  const [changelog, setChangelog] = useState('');
  const { busy, failure, submit } = useSubmit(async () => {
    await buildImage(image.name, { recipe, ...(changelog.trim() && { changelog: changelog.trim() }) });
    await client.invalidateQueries({ queryKey: ['image'] });
    toasts.success(t('images.building', { name: image.displayName }));
    close();
  });
  return (
    <Modal isOpen variant="small" onClose={close} aria-labelledby="build-title">
      <ModalHeader title={t('images.buildOf', { name: image.displayName })} labelId="build-title" description={t('images.buildHelp')} />
      <ModalBody>
        <Form id="build-image" onSubmit={(event) => void submit(event)}>
          {failure && <FailureAlert failure={failure} />}
          <FormGroup label={t('images.recipe')} fieldId="build-recipe" isRequired>
            <TextInput
              id="build-recipe"
              isRequired
              maxLength={40}
              spellCheck={false}
              autoCapitalize="none"
              validated={recipe !== '' && !ID.test(recipe) ? 'error' : 'default'}
              value={recipe}
              onChange={(_, value) => setRecipe(value.trim())}
            />
          </FormGroup>
          <FormGroup label={t('images.changelog')} fieldId="build-changelog">
            <TextArea id="build-changelog" autoFocus rows={3} maxLength={4000} resizeOrientation="vertical" value={changelog} onChange={(_, value) => setChangelog(value)} />
          </FormGroup>
        </Form>
      </ModalBody>
      <ModalFooter>
        <Button type="submit" form="build-image" isLoading={busy} isDisabled={busy || !ID.test(recipe)}>
          {t('images.build')}
        </Button>
        <Button variant="link" onClick={close}>
          {t('action.cancel')}
        </Button>
      </ModalFooter>
    </Modal>
  );
}
