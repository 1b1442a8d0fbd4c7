import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { MemoryRouter } from 'react-router';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { MockBroker } from '../../mock/broker';
import { announceSignedOut } from '../../src/api/client';
import { Pages } from '../../src/app/App';
import { ToastProvider } from '../../src/app/toasts';
import { LanguageProvider } from '../../src/i18n/language';
import { IdentityProvider } from '../../src/identity/identity';

/** `EventSource` over the mock's stream; the browser's own is not there. */
class SilentEvents extends EventTarget {
  readyState = 1;
  close(): void {
    this.readyState = 2;
  }
}

let broker: MockBroker;
let reachable: boolean;

beforeEach(() => {
  broker = new MockBroker();
  reachable = true;
  vi.stubGlobal('EventSource', SilentEvents);
  vi.stubGlobal('fetch', async (request: Request) => {
    if (!reachable) throw new TypeError('Failed to fetch');
    return broker.handle(request, `oriel_session=${broker.newestCookie}`);
  });
});

function open(path: string) {
  render(
    <LanguageProvider>
      <QueryClientProvider client={new QueryClient({ defaultOptions: { queries: { retry: false } } })}>
        <IdentityProvider>
          <ToastProvider>
            <MemoryRouter initialEntries={[path]}>
              <Pages />
            </MemoryRouter>
          </ToastProvider>
        </IdentityProvider>
      </QueryClientProvider>
    </LanguageProvider>,
  );
  return userEvent.setup();
}

async function signIn(user: ReturnType<typeof open>, name: string, password = 'correct horse') {
  await user.type(await screen.findByLabelText(/User name/), name);
  await user.type(screen.getByLabelText(/^Password/), password);
  await user.click(screen.getByRole('button', { name: 'Sign in' }));
}

describe('signing in', () => {
  it('says that user name or password is wrong, and clears the password', async () => {
    const user = open('/');
    await signIn(user, 'alice', 'wrong password');
    expect(await screen.findByText('User name or password is wrong')).toBeDefined();
    expect(screen.getByLabelText<HTMLInputElement>(/^Password/).value).toBe('');
    expect(screen.getByLabelText<HTMLInputElement>(/User name/).value).toBe('alice');
  });

  it('says how long it is locked', async () => {
    const user = open('/');
    await signIn(user, 'alice', 'wrong');
    for (let i = 0; i < 3; i++) {
      await user.type(screen.getByLabelText(/^Password/), 'wrong');
      await user.click(screen.getByRole('button', { name: 'Sign in' }));
    }
    expect(await screen.findByText('Sign-in is locked. Try again in 2 minutes.')).toBeDefined();
  });

  it('says that the server can not be reached', async () => {
    const user = open('/sign-in');
    await screen.findByLabelText(/User name/);
    reachable = false;
    await signIn(user, 'alice');
    expect(await screen.findByText('The server can’t be reached')).toBeDefined();
  });
});

describe('my desktops', () => {
  it('shows state, what connecting will do and why it can not', async () => {
    const user = open('/');
    await signIn(user, 'alice');
    const demo = await screen.findByRole('article', { name: 'Debian desktop' });
    expect(within(demo).getByText('Starts a fresh desktop for you.')).toBeDefined();
    expect(within(demo).getByRole('button', { name: 'Connect: Debian desktop' })).toBeDefined();
    const lab = screen.getByRole('article', { name: 'Practice lab' });
    expect(within(lab).getByText('This desktop is switched off')).toBeDefined();
    expect(within(lab).getByRole('button', { name: 'Connect: Practice lab' })).toHaveProperty('disabled', true);
  });

  it('has no administration for end users, whatever the address', async () => {
    const user = open('/admin/users');
    await signIn(user, 'alice');
    expect(await screen.findByText('There is no such page')).toBeDefined();
    expect(screen.queryByRole('link', { name: 'Administration' })).toBeNull();
  });

  it('says what to do when there is none', async () => {
    const user = open('/');
    await signIn(user, 'nobody');
    expect(await screen.findByText('No desktops yet')).toBeDefined();
  });

  it('goes to sign-in when the sign-in ended, and forgets what was seen', async () => {
    const user = open('/');
    await signIn(user, 'alice');
    await screen.findByRole('article', { name: 'Debian desktop' });
    broker.signOutAll();
    announceSignedOut();
    expect(await screen.findByLabelText(/User name/)).toBeDefined();
    expect(screen.queryByText('Debian desktop')).toBeNull();
  });
});
