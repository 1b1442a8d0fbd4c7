import { describe, expect, it } from 'vitest';
import { nameOf, PAGES } from './pages';
import { noBrowser, WINDOWS, World } from './world';

describe.skipIf(noBrowser)('every page by its address, in English,', { timeout: 480_000 }, () => {
  const world = new World();

  for (const [user, pages] of Object.entries(PAGES)) {
    it(`is accessible and fits, light and dark: ${user}`, async () => {
      await world.open({ viewport: WINDOWS.wide, colorScheme: 'light' });
      await world.signIn('/', user);
      const wrong: string[] = [];
      const look = async (path: string, window: keyof typeof WINDOWS, theme: 'light' | 'dark'): Promise<void> => {
        await world.page.setViewportSize(WINDOWS[window]);
        await world.page.emulateMedia({ colorScheme: theme });
        if (!(await world.fits())) wrong.push(`${path} ${window}: sticks out`);
        // Between the two others nothing is other than the room.
        if (window !== 'tablet') wrong.push(...(await world.violations()).map((found) => `${path} ${window} ${theme}: ${found}`));
        await world.shot(`${nameOf(user, path)}-${window}-${theme}`);
      };
      for (const [path, heading] of Object.entries(pages)) {
        await world.page.goto(world.mock.url + path);
        await world.page.getByRole('heading', { name: heading, level: 1 }).waitFor();
        await world.loaded();
        await look(path, 'wide', 'light');
        await look(path, 'tablet', 'light');
        await look(path, 'phone', 'light');
        await look(path, 'phone', 'dark');
      }
      expect(wrong).toEqual([]);
    });
  }
});
