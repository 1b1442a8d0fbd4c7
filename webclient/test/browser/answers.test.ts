import type { Route } from 'playwright-core';
import { beforeEach, describe, expect, it } from 'vitest';
import { noBrowser, WINDOWS, World } from './world';

/** What a page shows when it asks and hears nothing good. */
const LISTS = [
  '/admin/pools', '/admin/machines', '/admin/sessions', '/admin/hosts', '/admin/images', '/admin/users', '/admin/operations', '/admin/audit',
  '/admin/recordings', '/admin/reports',
];

const needed = (route: Route): boolean => /\/(me|events|login)$/.test(new URL(route.request().url()).pathname);

describe.skipIf(noBrowser)('an operator’s page', { timeout: 480_000 }, () => {
  const world = new World();

  beforeEach(async () => {
    await world.open({ viewport: WINDOWS.wide, colorScheme: 'dark' });
    await world.signIn('/', 'admin');
  });

  it.each([
    // Asked again by itself before anybody is told: two pages are enough to wait for that.
    { reason: 'DATABASE_DOWN', status: 503, paths: ['/admin/machines', '/admin/reports'] },
    { reason: 'INTERNAL', status: 500, paths: LISTS },
  ])('says what went wrong, offers to try again, and is accessible then: $reason', async ({ reason, status, paths }) => {
    const wrong: string[] = [];
    for (const path of paths) {
      await world.page.route('**/api/v1/**', (route) =>
        needed(route)
          ? route.continue()
          : route.fulfill({
              status,
              contentType: 'application/problem+json',
              body: JSON.stringify({ type: 'urn:oriel:problem:x', title: 'x', status, detail: 'It does not answer.', reason, traceId: '1' }),
            }),
      );
      await world.page.goto(world.mock.url + path);
      const again = world.page.locator(`[data-reason="${reason}"]`).getByRole('button', { name: 'Try again' });
      await again.first().waitFor();
      wrong.push(...(await world.violations()).map((found) => `${path}: ${found}`));
      await world.page.unrouteAll({ behavior: 'ignoreErrors' });
      await again.first().click();
      await again.first().waitFor({ state: 'detached' });
    }
    expect(wrong).toEqual([]);
  });

  it('shows that it waits while an answer is slow', async () => {
    for (const path of LISTS) {
      let answer = (): void => undefined;
      const slow = new Promise<void>((resolve) => (answer = resolve));
      await world.page.route('**/api/v1/**', async (route) => {
        if (!needed(route)) await slow;
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
