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
import type { User } from '../../api/types';
import { FailureAlert } from '../../app/FailureAlert';
import { useLanguage } from '../../i18n/language';
import { updateUser } from '../api';
import { groupNames, NAME, ROLES } from './CreateUserDialog';

export function EditUserDialog({ user, close, saved }: { user: User; close: () => void; saved: () => void }) {
  const { t } = useLanguage();
  const [displayName, setDisplayName] = useState(user.displayName);
  const [role, setRole] = useState(user.role);
  const [groups, setGroups] = useState(user.groups.join(', '));
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Failure>();
  const badGroups = groupNames(groups).some((name) => !NAME.test(name));

  const submit = async (event: SyntheticEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setFailure(undefined);
    try {
      await updateUser(user, { displayName: displayName.trim(), role, groups: groupNames(groups) });
      saved();
    } catch (error) {
      setFailure(asFailure(error));
      setBusy(false);
    }
  };

  return (
    <Modal isOpen variant="small" onClose={close} aria-labelledby="edit-user-title">
      <ModalHeader title={t('users.edit.title', { name: user.username })} labelId="edit-user-title" />
      <ModalBody>
        <Form id="edit-user" onSubmit={(event) => void submit(event)} autoComplete="off">
          {failure && <FailureAlert failure={failure} />}
          <FormGroup label={t('users.displayName')} fieldId="edit-display-name">
            <TextInput id="edit-display-name" autoFocus maxLength={120} value={displayName} onChange={(_, value) => setDisplayName(value)} />
          </FormGroup>
          <FormGroup label={t('users.role')} fieldId="edit-role">
            <FormSelect id="edit-role" aria-describedby="edit-role-help" value={role} onChange={(_, value) => setRole(value as User['role'])}>
              {ROLES.map((choice) => (
                <FormSelectOption key={choice} value={choice} label={t(`role.${choice}`)} />
              ))}
            </FormSelect>
            <FormHelperText>
              <HelperText id="edit-role-help">
                <HelperTextItem>{t(`role.${role}.help`)}</HelperTextItem>
              </HelperText>
            </FormHelperText>
          </FormGroup>
          <FormGroup label={t('users.groups')} fieldId="edit-groups">
            <TextInput
              id="edit-groups"
              validated={badGroups ? 'error' : 'default'}
              aria-describedby="edit-groups-help"
              value={groups}
              onChange={(_, value) => setGroups(value)}
            />
            <FormHelperText>
              <HelperText id="edit-groups-help">
                <HelperTextItem variant={badGroups ? 'error' : 'default'}>{t('users.groupsHelp')}</HelperTextItem>
              </HelperText>
            </FormHelperText>
          </FormGroup>
        </Form>
      </ModalBody>
      <ModalFooter>
        <Button type="submit" form="edit-user" isLoading={busy} isDisabled={busy || badGroups}>
          {t('action.save')}
        </Button>
        <Button variant="link" onClick={close}>
          {t('action.cancel')}
        </Button>
      </ModalFooter>
    </Modal>
  );
}
