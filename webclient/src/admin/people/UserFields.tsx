import { FormGroup, FormHelperText, FormSelect, FormSelectOption, HelperText, HelperTextItem, TextInput } from '@patternfly/react-core';
import type { Role } from '../../api/types';
import { useLanguage } from '../../i18n/language';
import { groupNames, NAME, ROLES } from './names';

export interface UserDraft {
  displayName: string;
  role: Role;
  groups: string;
}

export function badGroups({ groups }: Pick<UserDraft, 'groups'>): boolean {
  return groupNames(groups).some((name) => !NAME.test(name));
}

interface Props {
  draft: UserDraft;
  change: (part: Partial<UserDraft>) => void;
  autoFocus?: boolean;
}

/** What can be said of a user both when they are made and later. */
export function UserFields({ draft, change, autoFocus = false }: Props) {
  const { t } = useLanguage();
  const bad = badGroups(draft);
  return (
    <>
      <FormGroup label={t('users.displayName')} fieldId="user-display-name">
        <TextInput
          id="user-display-name"
          autoFocus={autoFocus}
          maxLength={120}
          value={draft.displayName}
          onChange={(_, displayName) => change({ displayName })}
        />
      </FormGroup>
      <FormGroup label={t('users.role')} fieldId="user-role">
        <FormSelect id="user-role" aria-describedby="user-role-help" value={draft.role} onChange={(_, role) => change({ role: role as Role })}>
          {ROLES.map((choice) => (
            <FormSelectOption key={choice} value={choice} label={t(`role.${choice}`)} />
          ))}
        </FormSelect>
        <FormHelperText>
          <HelperText id="user-role-help">
            <HelperTextItem>{t(`role.${draft.role}.help`)}</HelperTextItem>
          </HelperText>
        </FormHelperText>
      </FormGroup>
      <FormGroup label={t('users.groups')} fieldId="user-groups">
        <TextInput
          id="user-groups"
          validated={bad ? 'error' : 'default'}
          aria-describedby="user-groups-help"
          value={draft.groups}
          onChange={(_, groups) => change({ groups })}
        />
        <FormHelperText>
          <HelperText id="user-groups-help">
            <HelperTextItem variant={bad ? 'error' : 'default'}>{t('users.groupsHelp')}</HelperTextItem>
          </HelperText>
        </FormHelperText>
      </FormGroup>
    </>
  );
}
