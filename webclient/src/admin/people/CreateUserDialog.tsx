import { Button, Form, FormGroup, FormHelperText, HelperText, HelperTextItem, Modal, ModalBody, ModalFooter, ModalHeader, TextInput } from '@patternfly/react-core';
import { useState } from 'react';
import { FailureAlert } from '../../app/FailureAlert';
import { useSubmit } from '../../app/useSubmit';
import { useLanguage } from '../../i18n/language';
import { createUser } from '../api';
import { groupNames, NAME } from './names';
import { badGroups, UserFields, type UserDraft } from './UserFields';

/** The contract's bound (UserCreate). */
const SHORTEST_PASSWORD = 10;

interface Props {
  close: () => void;
  created: (username: string, generatedPassword: string | undefined) => void;
}

export function CreateUserDialog({ close, created }: Props) {
  const { t } = useLanguage();
  const [username, setUsername] = useState('');
  const [draft, setDraft] = useState<UserDraft>({ displayName: '', role: 'end-user', groups: '' });
  const [password, setPassword] = useState('');
  const badName = username !== '' && !NAME.test(username);
  const short = password !== '' && password.length < SHORTEST_PASSWORD;
  const { busy, failure, submit } = useSubmit(async () => {
    const displayName = draft.displayName.trim();
    const { generatedPassword } = await createUser({
      username,
      role: draft.role,
      groups: groupNames(draft.groups),
      ...(displayName && { displayName }),
      ...(password && { password }),
    });
    created(username, generatedPassword);
  });

  return (
    <Modal isOpen variant="small" onClose={close} aria-labelledby="create-user-title">
      <ModalHeader title={t('users.create')} labelId="create-user-title" />
      <ModalBody>
        <Form id="create-user" onSubmit={(event) => void submit(event)} autoComplete="off">
          {failure && <FailureAlert failure={failure} />}
          <FormGroup label={t('signIn.username')} fieldId="new-username" isRequired>
            <TextInput
              id="new-username"
              isRequired
              autoFocus
              autoCapitalize="none"
              spellCheck={false}
              validated={badName ? 'error' : 'default'}
              aria-describedby="new-username-help"
              value={username}
              onChange={(_, value) => setUsername(value)}
            />
            <FormHelperText>
              <HelperText id="new-username-help">
                <HelperTextItem variant={badName ? 'error' : 'default'}>{t('users.nameRule')}</HelperTextItem>
              </HelperText>
            </FormHelperText>
          </FormGroup>
          <UserFields draft={draft} change={(part) => setDraft({ ...draft, ...part })} />
          <FormGroup label={t('signIn.password')} fieldId="new-password">
            <TextInput
              id="new-password"
              type="password"
              autoComplete="new-password"
              validated={short ? 'error' : 'default'}
              aria-describedby="new-password-help"
              value={password}
              onChange={(_, value) => setPassword(value)}
            />
            <FormHelperText>
              <HelperText id="new-password-help">
                <HelperTextItem variant={short ? 'error' : 'default'}>{t('users.passwordHelp')}</HelperTextItem>
              </HelperText>
            </FormHelperText>
          </FormGroup>
        </Form>
      </ModalBody>
      <ModalFooter>
        <Button
          type="submit"
          form="create-user"
          isLoading={busy}
          isDisabled={busy || username === '' || badName || badGroups(draft) || short}
        >
          {t('users.create')}
        </Button>
        <Button variant="link" onClick={close}>
          {t('action.cancel')}
        </Button>
      </ModalFooter>
    </Modal>
  );
}
