import {
  ActionGroup,
  Button,
  Divider,
  Form,
  FormGroup,
  FormHelperText,
  HelperText,
  HelperTextItem,
  InputGroup,
  InputGroupItem,
  TextInput,
  Title,
} from '@patternfly/react-core';
import { EyeIcon, EyeSlashIcon } from '@patternfly/react-icons';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState, type SyntheticEvent } from 'react';
import { Navigate, useNavigate, useSearchParams } from 'react-router';
import { asFailure, Failure, type FailureReason } from '../api/failure';
import { about, loginOptions } from '../api/portal';
import { FailureAlert } from '../app/FailureAlert';
import { useTitle } from '../app/useTitle';
import { Logo } from '../brand/Logo';
import { LANGUAGES, useLanguage } from '../i18n/language';
import type { Language } from '../i18n/translate';
import { useIdentity } from './identity';
import { returnPath } from './returnPath';

/** Why the identity provider's way back ended here. The address may be anybody's: only the reason is believed. */
function cameBackWith(search: URLSearchParams): Failure | undefined {
  const reason = search.get('signInError');
  return reason && /^[A-Z_]{3,40}$/.test(reason) ? new Failure({ reason: reason as FailureReason }) : undefined;
}

export function SignInPage() {
  const { t, language, choose } = useLanguage();
  const { identity, signIn } = useIdentity();
  const [search] = useSearchParams();
  const navigate = useNavigate();
  const product = useQuery({ queryKey: ['about'], queryFn: about, staleTime: Infinity, retry: false });
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  const [shown, setShown] = useState(false);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState(() => cameBackWith(search));
  const [code, setCode] = useState('');
  const [codeNeeded, setCodeNeeded] = useState(false);
  const options = useQuery({ queryKey: ['login-options'], queryFn: loginOptions, staleTime: Infinity, retry: false });
  const codeField = useRef<HTMLInputElement>(null);
  const passwordField = useRef<HTMLInputElement>(null);
  useTitle(t('signIn.title'));

  // A lock-out ends by itself: the form says so, rather than leaving a stale warning.
  useEffect(() => {
    if (!failure?.retryAfterSeconds) return;
    const timer = setTimeout(() => setFailure(undefined), failure.retryAfterSeconds * 1000);
    return () => clearTimeout(timer);
  }, [failure]);

  useEffect(() => {
    if (codeNeeded) codeField.current?.focus();
  }, [codeNeeded]);

  const target = returnPath(search.get('next'));
  if (identity.state === 'signed-in') return <Navigate to={target} replace />;

  const submit = async (event: SyntheticEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setFailure(undefined);
    try {
      await signIn(username.trim(), password, code.trim());
      void navigate(target, { replace: true });
    } catch (error) {
      const refusal = asFailure(error);
      setBusy(false);
      setCode('');
      if (refusal.reason === 'CODE_NEEDED') {
        setCodeNeeded(true);
        return;
      }
      setFailure(refusal);
      if (refusal.reason === 'BAD_CODE') {
        codeField.current?.focus();
        return;
      }
      setCodeNeeded(false);
      setPassword('');
      passwordField.current?.focus();
    }
  };

  return (
    <div className="oriel-sign-in">
      <main className="oriel-sign-in__card" id="main">
        <Logo />
        <Title headingLevel="h1" size="2xl">
          {t('signIn.title')}
        </Title>
        <p className="oriel-subtle">{product.data?.notice ?? t('signIn.lead')}</p>
        <Form onSubmit={(event) => void submit(event)} noValidate>
          {failure && <FailureAlert failure={failure} />}
          <FormGroup label={t('signIn.username')} fieldId="username" isRequired>
            <TextInput
              id="username"
              name="username"
              autoComplete="username"
              autoCapitalize="none"
              spellCheck={false}
              autoFocus
              isRequired
              maxLength={64}
              value={username}
              onChange={(_, value) => setUsername(value)}
            />
          </FormGroup>
          <FormGroup label={t('signIn.password')} fieldId="password" isRequired>
            <InputGroup>
              <InputGroupItem isFill>
                <TextInput
                  ref={passwordField}
                  id="password"
                  name="password"
                  type={shown ? 'text' : 'password'}
                  autoComplete="current-password"
                  isRequired
                  maxLength={256}
                  value={password}
                  onChange={(_, value) => setPassword(value)}
                />
              </InputGroupItem>
              <InputGroupItem>
                <Button
                  variant="control"
                  aria-label={t(shown ? 'signIn.hidePassword' : 'signIn.showPassword')}
                  icon={shown ? <EyeSlashIcon /> : <EyeIcon />}
                  onClick={() => setShown(!shown)}
                />
              </InputGroupItem>
            </InputGroup>
          </FormGroup>
          {codeNeeded && (
            <FormGroup label={t('signIn.code')} fieldId="code" isRequired>
              <TextInput
                ref={codeField}
                id="code"
                name="code"
                autoComplete="one-time-code"
                autoCapitalize="none"
                spellCheck={false}
                isRequired
                maxLength={32}
                aria-describedby="code-help"
                value={code}
                onChange={(_, value) => setCode(value)}
              />
              <FormHelperText>
                <HelperText id="code-help">
                  <HelperTextItem>{t('signIn.code.help')}</HelperTextItem>
                </HelperText>
              </FormHelperText>
            </FormGroup>
          )}
          <ActionGroup>
            <Button
              type="submit"
              isBlock
              isLoading={busy}
              isDisabled={busy || !username.trim() || !password || (codeNeeded && !code.trim())}
            >
              {t('signIn.submit')}
            </Button>
          </ActionGroup>
        </Form>
        {options.data?.oidc && (
          <>
            <Divider />
            <Button
              component="a"
              variant="secondary"
              isBlock
              href={`${options.data.oidc.path}?returnTo=${encodeURIComponent(target)}`}
            >
              {t('signIn.with', { name: options.data.oidc.label })}
            </Button>
          </>
        )}
        <footer className="oriel-sign-in__foot">
          <span>{product.data && `${product.data.product} ${product.data.version}`}</span>
          <span className="oriel-sign-in__languages">
            {(Object.keys(LANGUAGES) as Language[]).map((code) => (
              <Button
                key={code}
                variant="link"
                isInline
                lang={code}
                aria-pressed={code === language}
                onClick={() => choose(code)}
              >
                {LANGUAGES[code]}
              </Button>
            ))}
          </span>
        </footer>
      </main>
    </div>
  );
}
