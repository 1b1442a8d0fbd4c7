import { Button, Form, FormGroup, FormHelperText, FormSelect, FormSelectOption, HelperText, HelperTextItem, Modal, ModalBody, ModalFooter, ModalHeader, TextInput } from '@patternfly/react-core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { Grant, Role } from '../../api/types';
import { FailureAlert } from '../../app/FailureAlert';
import { useToasts } from '../../app/toasts';
import { useSubmit } from '../../app/useSubmit';
import { useLanguage } from '../../i18n/language';
import { giveRole, images, pools } from '../api';
import type { Subject } from './access';
import { NAME, ROLES } from './names';

/** Every account may use desktops already. */
const GIVEN: readonly Role[] = ROLES.filter((role) => role !== 'end-user');
const SCOPES = ['all', 'pool', 'image'] as const satisfies readonly Grant['scope'][];

/** Gives a user or a group a role, everywhere or for one pool or one golden image. */
export function GiveRoleDialog({ subject, close }: { subject?: Subject; close: () => void }) {
  const { t } = useLanguage();
  const client = useQueryClient();
  const toasts = useToasts();
  const [kind, setKind] = useState<Grant['subjectKind']>(subject?.kind ?? 'group');
  const [name, setName] = useState(subject?.name ?? '');
  const [role, setRole] = useState<Role>('helpdesk');
  const [scope, setScope] = useState<Grant['scope']>('pool');
  const [chosen, setChosen] = useState('');
  const poolList = useQuery({ queryKey: ['pool', 'names'], queryFn: () => pools() });
  const imageList = useQuery({ queryKey: ['image', 'for-pool'], queryFn: () => images() });
  const places =
    scope === 'pool'
      ? (poolList.data?.items ?? []).map(({ id, displayName }) => ({ id, displayName }))
      : (imageList.data?.items ?? []).map((image) => ({ id: image.name, displayName: image.displayName }));
  const scopeId = places.some(({ id }) => id === chosen) ? chosen : (places[0]?.id ?? '');
  const badName = name !== '' && !NAME.test(name);
  const { busy, failure, submit } = useSubmit(async () => {
    await giveRole({ subjectKind: kind, subject: name, role, scope, ...(scope !== 'all' && { scopeId }) });
    await client.invalidateQueries({ queryKey: ['grant'] });
    toasts.success(t('grants.given', { role: t(`role.${role}`), name }));
    close();
  });

  return (
    <Modal isOpen variant="small" onClose={close} aria-labelledby="give-role-title">
      <ModalHeader title={t('grants.give')} labelId="give-role-title" description={t('grants.help')} />
      <ModalBody>
        <Form id="give-role" onSubmit={(event) => void submit(event)} autoComplete="off">
          {failure && <FailureAlert failure={failure} />}
          {!subject && (
            <div className="oriel-form__row">
              <FormGroup label={t('entitlements.kind')} fieldId="grant-kind">
                <FormSelect id="grant-kind" value={kind} onChange={(_, value) => setKind(value as Grant['subjectKind'])}>
                  <FormSelectOption value="group" label={t('entitlements.group')} />
                  <FormSelectOption value="user" label={t('entitlements.user')} />
                </FormSelect>
              </FormGroup>
              <FormGroup label={t('entitlements.subject')} fieldId="grant-subject" isRequired>
                <TextInput
                  id="grant-subject"
                  isRequired
                  autoFocus
                  autoCapitalize="none"
                  spellCheck={false}
                  maxLength={64}
                  validated={badName ? 'error' : 'default'}
                  value={name}
                  onChange={(_, value) => setName(value)}
                />
              </FormGroup>
            </div>
          )}
          <FormGroup label={t('users.role')} fieldId="grant-role">
            <FormSelect id="grant-role" aria-describedby="grant-role-help" value={role} onChange={(_, value) => setRole(value as Role)}>
              {GIVEN.map((choice) => (
                <FormSelectOption key={choice} value={choice} label={t(`role.${choice}`)} />
              ))}
            </FormSelect>
            <FormHelperText>
              <HelperText id="grant-role-help">
                <HelperTextItem>{t(`role.${role}.help`)}</HelperTextItem>
              </HelperText>
            </FormHelperText>
          </FormGroup>
          <FormGroup label={t('grants.scope')} fieldId="grant-scope">
            <FormSelect id="grant-scope" value={scope} onChange={(_, value) => setScope(value as Grant['scope'])}>
              {SCOPES.map((choice) => (
                <FormSelectOption key={choice} value={choice} label={t(`grants.scope.${choice}`)} />
              ))}
            </FormSelect>
          </FormGroup>
          {scope !== 'all' && (
            <FormGroup label={t(scope === 'pool' ? 'sessions.pool' : 'pools.image')} fieldId="grant-place">
              <FormSelect id="grant-place" value={scopeId} onChange={(_, value) => setChosen(value)}>
                {places.map(({ id, displayName }) => (
                  <FormSelectOption key={id} value={id} label={displayName} />
                ))}
              </FormSelect>
            </FormGroup>
          )}
        </Form>
      </ModalBody>
      <ModalFooter>
        <Button type="submit" form="give-role" isLoading={busy} isDisabled={busy || name === '' || badName || (scope !== 'all' && scopeId === '')}>
          {t('grants.give')}
        </Button>
        <Button variant="link" onClick={close}>
          {t('action.cancel')}
        </Button>
      </ModalFooter>
    </Modal>
  );
}
