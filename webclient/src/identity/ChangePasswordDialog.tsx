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
  TextInput,
} from '@patternfly/react-core';
import { useState } from 'react';
import { changePassword } from '../api/portal';
import { FailureAlert } from '../app/FailureAlert';
import { useToasts } from '../app/toasts';
import { useSubmit } from '../app/useSubmit';
import { useLanguage } from '../i18n/language';
import { useMe } from './identity';

/** The contract's minimum; the broker may refuse more (`WEAK_PASSWORD`). */
const SHORTEST = 10;

export default function ChangePasswordDialog({ close }: { close: () => void }) {
  const { t } = useLanguage();
  const me = useMe();
  const toasts = useToasts();
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const [repeated, setRepeated] = useState('');

  const tooShort = next !== '' && next.length < SHORTEST;
  const different = repeated !== '' && repeated !== next;

  const { busy, failure, submit } = useSubmit(async () => {
    await changePassword(current, next);
    toasts.success(t('password.changed'));
    close();
  });

  return (
    <Modal isOpen variant="small" onClose={close} aria-labelledby="password-title">
      <ModalHeader title={t('account.changePassword')} labelId="password-title" description={t('password.lead')} />
      <ModalBody>
        <Form id="password-form" onSubmit={(event) => void submit(event)}>
          {failure &&
            (failure.reason === 'BAD_CREDENTIALS' ? (
              <HelperText isLiveRegion>
                <HelperTextItem variant="error">{t('password.wrong')}</HelperTextItem>
              </HelperText>
            ) : (
              <FailureAlert failure={failure} />
            ))}
          {/* For the browser's password store. */}
          <input type="text" name="username" autoComplete="username" value={me.username} readOnly hidden />
          <FormGroup label={t('password.current')} fieldId="password-current" isRequired>
            <TextInput
              id="password-current"
              type="password"
              autoComplete="current-password"
              isRequired
              value={current}
              onChange={(_, value) => setCurrent(value)}
            />
          </FormGroup>
          <FormGroup label={t('password.new')} fieldId="password-new" isRequired>
            <TextInput
              id="password-new"
              type="password"
              autoComplete="new-password"
              isRequired
              aria-describedby="password-new-help"
              validated={tooShort ? 'error' : 'default'}
              value={next}
              onChange={(_, value) => setNext(value)}
            />
            <FormHelperText>
              <HelperText id="password-new-help">
                <HelperTextItem variant={tooShort ? 'error' : 'default'}>
                  {t('password.length', { count: SHORTEST })}
                </HelperTextItem>
              </HelperText>
            </FormHelperText>
          </FormGroup>
          <FormGroup label={t('password.repeat')} fieldId="password-repeat" isRequired>
            <TextInput
              id="password-repeat"
              type="password"
              autoComplete="new-password"
              isRequired
              aria-describedby="password-repeat-help"
              validated={different ? 'error' : 'default'}
              value={repeated}
              onChange={(_, value) => setRepeated(value)}
            />
            <FormHelperText>
              <HelperText id="password-repeat-help" isLiveRegion>
                {different && <HelperTextItem variant="error">{t('password.different')}</HelperTextItem>}
              </HelperText>
            </FormHelperText>
          </FormGroup>
        </Form>
      </ModalBody>
      <ModalFooter>
        <Button
          type="submit"
          form="password-form"
          isLoading={busy}
          isDisabled={busy || !current || next.length < SHORTEST || next !== repeated}
        >
          {t('account.changePassword')}
        </Button>
        <Button variant="link" onClick={close}>
          {t('action.cancel')}
        </Button>
      </ModalFooter>
    </Modal>
  );
}
