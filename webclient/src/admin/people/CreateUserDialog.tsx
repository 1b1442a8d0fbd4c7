import {
  Button,
  Form,
  FormGroup,
  FormHelperText,
  FormSelect,
  FormSelectOption,
  HelperText,
  HelperTextItem,
  Modal,
  ModalBody,
  ModalFooter,
  ModalHeader,
  TextInput,
} from '@patternfly/react-core';
import { useState, type SyntheticEvent } from 'react';
import { asFailure, type Failure } from '../../api/failure';
import type { Role } from '../../api/types';
import { FailureAlert } from '../../app/FailureAlert';
import { useLanguage } from '../../i18n/language';
import { createUser } from '../api';

export const ROLES: readonly Role[] = ['end-user', 'helpdesk', 'pool-admin', 'image-admin', 'auditor', 'admin'];
/** The contract's pattern for user and group names. */
export const NAME = /^[a-z][a-z0-9._-]{0,63}$/;

export function groupNames(text: string): string[] {
  return text.split(/[\s,;]+/).filter((name) => name !== '');
}

interface Props {
  close: () => void;
  created: (username: string, generatedPassword: string | undefined) => void;
}

export function CreateUserDialog({ close, created }: Props) {
  const { t } = useLanguage();
  const [username, setUsername] = useState('');
  const [displayName, setDisplayName] = useState('');
  const [role, setRole] = useState<Role>('end-user');
  const [groups, setGroups] = useState('');
  const [password, setPassword] = useState('');
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Failure>();

  const badName = username !== '' && !NAME.test(username);
  const badGroups = groupNames(groups).some((name) => !NAME.test(name));
  const short = password !== '' && password.length < 10;

  const submit = async (event: SyntheticEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setFailure(undefined);
    try {
      const { generatedPassword } = await createUser({
        username,
        role,
        groups: groupNames(groups),
        ...(displayName.trim() && { displayName: displayName.trim() }),
        ...(password && { password }),
      });
      created(username, generatedPassword);
    } catch (error) {
      setFailure(asFailure(error));
      setBusy(false);
    }
  };

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
          <FormGroup label={t('users.displayName')} fieldId="new-display-name">
            <TextInput
              id="new-display-name"
              maxLength={120}
              value={displayName}
              onChange={(_, value) => setDisplayName(value)}
            />
          </FormGroup>
          <FormGroup label={t('users.role')} fieldId="new-role">
            <FormSelect id="new-role" value={role} onChange={(_, value) => setRole(value as Role)}>
              {ROLES.map((choice) => (
                <FormSelectOption key={choice} value={choice} label={t(`role.${choice}`)} />
              ))}
            </FormSelect>
          </FormGroup>
          <FormGroup label={t('users.groups')} fieldId="new-groups">
            <TextInput
              id="new-groups"
              validated={badGroups ? 'error' : 'default'}
              aria-describedby="new-groups-help"
              value={groups}
              onChange={(_, value) => setGroups(value)}
            />
            <FormHelperText>
              <HelperText id="new-groups-help">
                <HelperTextItem variant={badGroups ? 'error' : 'default'}>{t('users.groupsHelp')}</HelperTextItem>
              </HelperText>
            </FormHelperText>
          </FormGroup>
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
          isDisabled={busy || username === '' || badName || badGroups || short}
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
