import { Bullseye, Spinner } from '@patternfly/react-core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { lazy, Suspense, useState, type ReactNode } from 'react';
import { BrowserRouter, Navigate, Outlet, Route, Routes, useLocation } from 'react-router';
import { asFailure } from '../api/failure';
import { DesktopsPage } from '../desktops/DesktopsPage';
import { LanguageProvider, useLanguage } from '../i18n/language';
import { IdentityProvider, isHelper, isOperator, useIdentity, useMe } from '../identity/identity';
import { signInPath } from '../identity/returnPath';
import { SignInPage } from '../identity/SignInPage';
import { ConsentListener } from '../shadow/ConsentListener';
import { ErrorBoundary } from './ErrorBoundary';
import { FailurePage } from './FailurePage';
import { FirstPage } from './firstPage';
import { LiveProvider } from './live';
import { MessageListener } from './MessageListener';
import { NotFoundPage } from './NotFoundPage';
import { Shell } from './Shell';
import { ToastProvider } from './toasts';

const ViewerPage = lazy(() => import('../viewer/ViewerPage'));
const RecordingPage = lazy(() => import('../viewer/recording/RecordingPage'));
const MaintenancePage = lazy(() => import('../maintenance/MaintenancePage'));
const AccountPage = lazy(() => import('../identity/AccountPage'));
const HelpdeskArea = lazy(() => import('../helpdesk/HelpdeskArea'));
const AdminArea = lazy(() => import('../admin/AdminArea'));

const MOST_RETRIES = 2;

function newQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        // Events say when something is stale; a look on focus is for when they did not arrive.
        staleTime: 10_000,
        refetchOnWindowFocus: true,
        retry: (count, error) => count < MOST_RETRIES && asFailure(error).transient,
      },
    },
  });
}

export function App() {
  const [queries] = useState(newQueryClient);
  return (
    <LanguageProvider>
      <ErrorBoundary>
        <QueryClientProvider client={queries}>
          <IdentityProvider>
            <ToastProvider>
              <BrowserRouter>
                <FirstPage>
                  <Pages />
                </FirstPage>
              </BrowserRouter>
            </ToastProvider>
          </IdentityProvider>
        </QueryClientProvider>
      </ErrorBoundary>
    </LanguageProvider>
  );
}

export function Pages() {
  return (
    <Routes>
      <Route path="/sign-in" element={<SignInPage />} />
      <Route element={<SignedIn />}>
        <Route path="/" element={<DesktopsPage />} />
        <Route path="/desktop/:poolId" element={<Later><ViewerPage /></Later>} />
        <Route path="/recording" element={<Later><RecordingPage /></Later>} />
        <Route path="/images/:imageName/edit" element={<Operators><Later><MaintenancePage /></Later></Operators>} />
        <Route path="/account" element={<Later><AccountPage /></Later>} />
        <Route path="/helpdesk/*" element={<Helpers><Later><HelpdeskArea /></Later></Helpers>} />
        <Route path="/admin/*" element={<Operators><Later><AdminArea /></Later></Operators>} />
        <Route path="*" element={<Shell><NotFoundPage /></Shell>} />
      </Route>
    </Routes>
  );
}

function Waiting() {
  const { t } = useLanguage();
  return (
    <Bullseye className="oriel-waiting">
      <Spinner aria-label={t('state.loading')} />
    </Bullseye>
  );
}

function Later({ children }: { children: ReactNode }) {
  return <Suspense fallback={<Waiting />}>{children}</Suspense>;
}

/** The door: what is below needs somebody signed in, and comes back after they did. */
function SignedIn() {
  const { identity } = useIdentity();
  const location = useLocation();
  switch (identity.state) {
    case 'unknown':
      return <Waiting />;
    case 'unavailable':
      return (
        <main className="oriel-waiting">
          <FailurePage failure={identity.failure} retry={identity.retry} />
        </main>
      );
    case 'signed-out':
      return <Navigate to={signInPath(location)} replace />;
    case 'signed-in':
      return (
        <LiveProvider>
          <Outlet />
          <MessageListener />
          <ConsentListener />
        </LiveProvider>
      );
  }
}

function Helpers({ children }: { children: ReactNode }) {
  return isHelper(useMe()) ? children : <Shell><NotFoundPage /></Shell>;
}

function Operators({ children }: { children: ReactNode }) {
  return isOperator(useMe()) ? children : <Shell><NotFoundPage /></Shell>;
}
