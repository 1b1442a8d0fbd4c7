// @vitest-environment node
import { describe, expect, it } from 'vitest';
import { noBrowser, WINDOWS, World } from './world';

/** Every page that has an address, and who goes there; but for those with a desktop on them, which have tests of their own. */
const PAGES: Record<string, readonly string[]> = {
  alice: ['/', '/account', '/recording', '/no-such-page'],
  carol: ['/helpdesk', '/helpdesk/bob', '/helpdesk/nobody-like-that'],
  admin: [
    '/admin/dashboard', '/admin/pools', '/admin/pools/new', '/admin/pools/demo', '/admin/pools/demo/settings', '/admin/pools/demo/calendar',
    '/admin/pools/demo/version', '/admin/pools/demo/people', '/admin/pools/no-such-pool', '/admin/machines', '/admin/machines/demo-2',
    '/admin/sessions', '/admin/hosts', '/admin/images', '/admin/users', '/admin/users/bob', '/admin/groups', '/admin/groups/design',
    '/admin/roles', '/admin/reports', '/admin/reports/concurrency', '/admin/reports/logons', '/admin/reports/capacity', '/admin/reports/idle',
    '/admin/reports/sprawl', '/admin/reports/failed-logins', '/admin/operations', '/admin/events', '/admin/recordings', '/admin/audit',
    '/admin/settings',
  ],
};

/** What a page shows when it asks and hears nothing good. */
const LISTS = [
  '/admin/pools', '/admin/machines', '/admin/sessions', '/admin/hosts', '/admin/images', '/admin/users', '/admin/operations', '/admin/audit',
  '/admin/recordings', '/admin/reports',
];

const name = (path: string): string => path.slice(1).replaceAll('/', '-') || 'portal';

describe.skipIf(noBrowser)('every page', { timeout: 240_000 }, () => {
  const world = new World();

  const signIn = async (user: string, look: { colorScheme: 'light' | 'dark'; locale: string }): Promise<void> => {
    await world.open({ ...look, viewport: WINDOWS.wide });
    // In whichever language the page is.
    await world.page.goto(world.mock.url);
    await world.page.locator('#username').fill(user);
    await world.page.locator('#password').fill('correct horse');
    await world.page.keyboard.press('Enter');
    await world.page.locator('main h1').first().waitFor();
  };

  for (const [colorScheme, locale, windows] of [
    ['light', 'en-US', ['wide', 'phone']],
    ['dark', 'de-DE', ['tablet']],
  ] as const) {
    for (const [user, paths] of Object.entries(PAGES)) {
      it(`of ${user} is accessible and fits, ${colorScheme}, ${locale}, ${windows.join(' and ')}`, async () => {
        await signIn(user, { colorScheme, locale });
        const wrong: string[] = [];
        for (const path of paths) {
          await world.page.goto(world.mock.url + path);
          await world.page.locator('main h1').first().waitFor();
          await world.loaded();
          for (const window of windows) {
            await world.page.setViewportSize(WINDOWS[window]);
            if (!(await world.fits())) wrong.push(`${path} ${window}: sticks out`);
            wrong.push(...(await world.violations()).map((found) => `${path} ${window}: ${found}`));
          }
          await world.shot(`page-${name(path)}-${colorScheme}`);
        }
        expect(wrong).toEqual([]);
      });
    }
  }

  it('says what went wrong, offers to try again, and is accessible then', async () => {
    await signIn('admin', { colorScheme: 'dark', locale: 'en-US' });
    const wrong: string[] = [];
    for (const path of LISTS) {
      await world.page.goto(`${world.mock.url}/admin/dashboard`);
      await world.loaded();
      await world.page.route('**/api/v1/**', (route) =>
        /\/(me|events|login)$/.test(new URL(route.request().url()).pathname)
          ? route.continue()
          : route.fulfill({
              status: 503, contentType: 'application/problem+json',
              body: JSON.stringify({ type: 'urn:oriel:problem:database-down', title: 'x', status: 503, detail: 'The database does not answer.', reason: 'DATABASE_DOWN', traceId: '1' }),
            }),
      );
      await world.page.goto(world.mock.url + path);
      await world.page.getByRole('button', { name: 'Try again' }).first().waitFor();
      wrong.push(...(await world.violations()).map((found) => `${path}: ${found}`));
      await world.page.unrouteAll({ behavior: 'ignoreErrors' });
      await world.page.getByRole('button', { name: 'Try again' }).first().click();
      await world.page.getByRole('button', { name: 'Try again' }).first().waitFor({ state: 'detached' });
    }
    expect(wrong).toEqual([]);
  });

  it('shows that it waits while an answer is slow', async () => {
    await signIn('admin', { colorScheme: 'light', locale: 'en-US' });
    for (const path of LISTS) {
      let answer = (): void => undefined;
      const slow = new Promise<void>((resolve) => (answer = resolve));
      await world.page.route('**/api/v1/**', async (route) => {
        if (!/\/(me|events|login)$/.test(new URL(route.request().url()).pathname)) await slow;
        await route.continue();
      });
      await world.page.goto(world.mock.url + path);
      await world.page.locator('[aria-busy="true"], .pf-v6-c-skeleton').first().waitFor();
      expect(await world.violations()).toEqual([]);
      answer();
      await world.loaded();
      await world.page.unrouteAll({ behavior: 'ignoreErrors' });
    }
  });
});
