import {
  ActionGroup,
  Button,
  Form,
  FormGroup,
  InputGroup,
  InputGroupItem,
  TextInput,
  Title,
} from '@patternfly/react-core';
import { EyeIcon, EyeSlashIcon } from '@patternfly/react-icons';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState, type SyntheticEvent } from 'react';
import { Navigate, useNavigate, useSearchParams } from 'react-router';
import { asFailure, type Failure } from '../api/failure';
import { about } from '../api/portal';
import { FailureAlert } from '../app/FailureAlert';
import { useTitle } from '../app/useTitle';
import { Logo } from '../brand/Logo';
import { LANGUAGES, useLanguage } from '../i18n/language';
import type { Language } from '../i18n/translate';
import { useIdentity } from './identity';
import { returnPath } from './returnPath';

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
  const [failure, setFailure] = useState<Failure>();
  const passwordField = useRef<HTMLInputElement>(null);
  useTitle(t('signIn.title'));

  // A lock-out ends by itself: the form says so, rather than leaving a stale warning.
  useEffect(() => {
    if (!failure?.retryAfterSeconds) return;
    const timer = setTimeout(() => setFailure(undefined), failure.retryAfterSeconds * 1000);
    return () => clearTimeout(timer);
  }, [failure]);

  const target = returnPath(search.get('next'));
  if (identity.state === 'signed-in') return <Navigate to={target} replace />;

  const submit = async (event: SyntheticEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setFailure(undefined);
    try {
      await signIn(username.trim(), password);
      void navigate(target, { replace: true });
    } catch (error) {
      setFailure(asFailure(error));
      setPassword('');
      setBusy(false);
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
          <ActionGroup>
            <Button type="submit" isBlock isLoading={busy} isDisabled={busy || !username.trim() || !password}>
              {t('signIn.submit')}
            </Button>
          </ActionGroup>
        </Form>
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
