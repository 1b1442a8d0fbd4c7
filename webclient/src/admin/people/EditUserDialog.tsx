import { Button, Form, Modal, ModalBody, ModalFooter, ModalHeader } from '@patternfly/react-core';
import { useState } from 'react';
import type { User } from '../../api/types';
import { FailureAlert } from '../../app/FailureAlert';
import { useSubmit } from '../../app/useSubmit';
import { useLanguage } from '../../i18n/language';
import { updateUser } from '../api';
import { groupNames } from './names';
import { badGroups, UserFields, type UserDraft } from './UserFields';

export function EditUserDialog({ user, close, saved }: { user: User; close: () => void; saved: () => void }) {
  const { t } = useLanguage();
  const [draft, setDraft] = useState<UserDraft>({ displayName: user.displayName, role: user.role, groups: user.groups.join(', ') });
  const { busy, failure, submit } = useSubmit(async () => {
    await updateUser(user, { displayName: draft.displayName.trim(), role: draft.role, groups: groupNames(draft.groups) });
    saved();
  });
  return (
    <Modal isOpen variant="small" onClose={close} aria-labelledby="edit-user-title">
      <ModalHeader title={t('users.edit.title', { name: user.username })} labelId="edit-user-title" />
      <ModalBody>
        <Form id="edit-user" onSubmit={(event) => void submit(event)} autoComplete="off">
          {failure && <FailureAlert failure={failure} />}
          <UserFields draft={draft} change={(part) => setDraft({ ...draft, ...part })} autoFocus />
        </Form>
      </ModalBody>
      <ModalFooter>
        <Button type="submit" form="edit-user" isLoading={busy} isDisabled={busy || badGroups(draft)}>
          {t('action.save')}
        </Button>
        <Button variant="link" onClick={close}>
          {t('action.cancel')}
        </Button>
      </ModalFooter>
    </Modal>
  );
}
