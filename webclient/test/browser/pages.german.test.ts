import { describe, expect, it } from 'vitest';
import { nameOf, PAGES } from './pages';
import { noBrowser, WINDOWS, World } from './world';

describe.skipIf(noBrowser)('every page as its links open it, in German,', { timeout: 480_000 }, () => {
  const world = new World();

  for (const [user, pages] of Object.entries(PAGES)) {
    it(`is accessible and fits a tablet, dark: ${user}`, async () => {
      await world.open({ viewport: WINDOWS.tablet, colorScheme: 'dark', locale: 'de-DE' });
      await world.signIn('/account', user);
      await world.page.getByRole('heading', { name: 'Anmeldung und Sicherheit', level: 1 }).waitFor();
      const wrong: string[] = [];
      for (const path of Object.keys(pages)) {
        // As a link does: without loading the client anew. The new page, or a field of it, takes the focus.
        await world.page.evaluate((to) => {
          (document.activeElement as HTMLElement | null)?.blur();
          history.pushState({ key: to }, '', to);
          dispatchEvent(new PopStateEvent('popstate', { state: { key: to } }));
        }, path);
        await world.page.waitForFunction(() => document.activeElement?.closest('#main') !== null);
        await world.page.locator('main h1').first().waitFor();
        await world.loaded();
        if (!(await world.fits())) wrong.push(`${path}: sticks out`);
        wrong.push(...(await world.violations()).map((found) => `${path}: ${found}`));
        await world.shot(`${nameOf(user, path)}-tablet-dark-german`);
      }
      expect(wrong).toEqual([]);
    });
  }
});
