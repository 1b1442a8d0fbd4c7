import {
  Button,
  Card,
  CardBody,
  CardFooter,
  CardTitle,
  ClipboardCopy,
  Content,
  Form,
  FormGroup,
  Modal,
  ModalBody,
  ModalFooter,
  ModalHeader,
  TextInput,
} from '@patternfly/react-core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { asFailure } from '../api/failure';
import { FailureAlert } from '../app/FailureAlert';
import { useToasts } from '../app/toasts';
import { useSubmit } from '../app/useSubmit';
import { useLanguage } from '../i18n/language';
import { beginSecondFactor, confirmSecondFactor, removeSecondFactor, secondFactor, type Enrolment } from './api';

const KEY = ['second-factor'];

/** The second factor: set up with an app, turned off with the password. */
export function SecondFactorCard() {
  const { t } = useLanguage();
  const client = useQueryClient();
  const state = useQuery({ queryKey: KEY, queryFn: secondFactor });
  const [open, setOpen] = useState(false);
  const on = state.data?.enabled ?? false;

  const close = (): void => {
    setOpen(false);
    void client.invalidateQueries({ queryKey: KEY });
  };

  return (
    <Card>
      <CardTitle component="h2">{t('factor.title')}</CardTitle>
      <CardBody>
        {state.error && <FailureAlert failure={asFailure(state.error)} />}
        {state.data && (on ? t('factor.on', { count: state.data.recoveryCodesLeft }) : t('factor.off'))}
      </CardBody>
      <CardFooter>
        <Button variant="secondary" isDisabled={!state.data} onClick={() => setOpen(true)}>
          {t(on ? 'factor.remove' : 'factor.setUp')}
        </Button>
      </CardFooter>
      {open && (on ? <RemoveDialog close={close} /> : <SetUpDialog close={close} />)}
    </Card>
  );
}

type Step = { at: 'password' } | { at: 'scan'; enrolment: Enrolment } | { at: 'done'; recoveryCodes: string[] };

function SetUpDialog({ close }: { close: () => void }) {
  const { t } = useLanguage();
  const [step, setStep] = useState<Step>({ at: 'password' });
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const { busy, failure, submit } = useSubmit(async () => {
    if (step.at === 'password') setStep({ at: 'scan', enrolment: await beginSecondFactor(password) });
    else setStep({ at: 'done', recoveryCodes: await confirmSecondFactor(code.trim()) });
  });

  return (
    <Modal isOpen variant="small" onClose={close} aria-labelledby="factor-title">
      <ModalHeader
        title={t(step.at === 'done' ? 'factor.recovery' : 'factor.title')}
        labelId="factor-title"
        {...(step.at === 'done' && { description: t('factor.recovery.help') })}
      />
      <ModalBody>
        {step.at === 'done' ? (
          <ClipboardCopy isReadOnly isCode isExpanded variant="expansion" hoverTip={t('action.copy')} clickTip={t('action.copied')} textAriaLabel={t('factor.recovery')}>
            {step.recoveryCodes.join('\n')}
          </ClipboardCopy>
        ) : (
          <Form id="factor-form" onSubmit={(event) => void submit(event)}>
            {failure && <FailureAlert failure={failure} />}
            {step.at === 'password' ? (
              <PasswordField password={password} setPassword={setPassword} />
            ) : (
              <>
                <Content component="p">{t('factor.scan')}</Content>
                <img className="oriel-qr" src={step.enrolment.qrImage} alt={t('factor.qr')} />
                <FormGroup label={t('factor.key')} fieldId="factor-key">
                  <TextInput id="factor-key" readOnlyVariant="default" value={step.enrolment.secret} />
                </FormGroup>
                <FormGroup label={t('signIn.code')} fieldId="factor-code" isRequired>
                  <TextInput
                    id="factor-code"
                    inputMode="numeric"
                    autoComplete="one-time-code"
                    autoFocus
                    isRequired
                    maxLength={8}
                    value={code}
                    onChange={(_, value) => setCode(value)}
                  />
                </FormGroup>
              </>
            )}
          </Form>
        )}
      </ModalBody>
      <ModalFooter>
        {step.at === 'done' ? (
          <Button onClick={close}>{t('action.close')}</Button>
        ) : (
          <>
            <Button
              type="submit"
              form="factor-form"
              isLoading={busy}
              isDisabled={busy || (step.at === 'password' ? !password : !code.trim())}
            >
              {t(step.at === 'password' ? 'factor.continue' : 'factor.confirm')}
            </Button>
            <Button variant="link" onClick={close}>
              {t('action.cancel')}
            </Button>
          </>
        )}
      </ModalFooter>
    </Modal>
  );
}

function RemoveDialog({ close }: { close: () => void }) {
  const { t } = useLanguage();
  const toasts = useToasts();
  const [password, setPassword] = useState('');
  const { busy, failure, submit } = useSubmit(async () => {
    await removeSecondFactor(password);
    toasts.success(t('factor.removed'));
    close();
  });

  return (
    <Modal isOpen variant="small" onClose={close} aria-labelledby="factor-title">
      <ModalHeader title={t('factor.title')} labelId="factor-title" />
      <ModalBody>
        <Form id="factor-form" onSubmit={(event) => void submit(event)}>
          {failure && <FailureAlert failure={failure} />}
          <PasswordField password={password} setPassword={setPassword} />
        </Form>
      </ModalBody>
      <ModalFooter>
        <Button variant="danger" type="submit" form="factor-form" isLoading={busy} isDisabled={busy || !password}>
          {t('factor.remove')}
        </Button>
        <Button variant="link" onClick={close}>
          {t('action.cancel')}
        </Button>
      </ModalFooter>
    </Modal>
  );
}

function PasswordField({ password, setPassword }: { password: string; setPassword: (password: string) => void }) {
  const { t } = useLanguage();
  return (
    <FormGroup label={t('factor.password')} fieldId="factor-password" isRequired>
      <TextInput
        id="factor-password"
        type="password"
        autoComplete="current-password"
        autoFocus
        isRequired
        maxLength={256}
        value={password}
        onChange={(_, value) => setPassword(value)}
      />
    </FormGroup>
  );
}
