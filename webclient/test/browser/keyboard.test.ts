import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { noBrowser, WAIT, World } from './world';

/** What has the focus, by its name, and whether that can be seen. */
interface Focused {
  name: string;
  seen: boolean;
}

const focused = (page: Page): Promise<Focused> =>
  page.evaluate(() => {
    const at = document.activeElement as HTMLElement;
    const field = at instanceof HTMLInputElement || at instanceof HTMLSelectElement;
    const name = at.getAttribute('aria-label') ?? (field ? at.labels?.[0]?.textContent : at.textContent) ?? '';
    // A field's or a button's ring may be drawn by what it lies in or by a layer over it.
    const rings = [getComputedStyle(at), getComputedStyle(at, '::after'), getComputedStyle(at.parentElement ?? at)];
    const ringed = rings.some((style) => style.outlineStyle !== 'none' || style.boxShadow !== 'none' || style.borderWidth !== '0px');
    const box = at.getBoundingClientRect();
    return {
      name: name.trim(),
      seen: at.matches(':focus-visible') && ringed && box.width > 0 && box.bottom > 0 && box.top < innerHeight,
    };
  });

/** Not one event of a mouse in here. */
describe.skipIf(noBrowser)('by keyboard alone', { timeout: 180_000 }, () => {
  const world = new World();

  const press = async (...keys: string[]): Promise<void> => {
    for (const key of keys) await world.page.keyboard.press(key);
  };

  const heading = (name: string): Promise<void> => world.page.getByRole('heading', { name, level: 1 }).waitFor();

  const focusIsAt = (name: string): Promise<void> =>
    expect.poll(() => focused(world.page).then((at) => at.name), { timeout: WAIT }).toContain(name);

  const focusIsIn = (tag: string): Promise<void> =>
    expect.poll(() => world.page.evaluate(() => document.activeElement?.tagName), { timeout: WAIT }).toBe(tag);

  /** Goes on with Tab until something of this name has the focus, which has to be seen. */
  async function tabTo(name: string): Promise<void> {
    const passed: string[] = [];
    for (let i = 0; i < 60; i++) {
      if ((await focused(world.page)).name.startsWith(name)) {
        // What is scrolled into view gets there in its time.
        await expect.poll(() => focused(world.page).then((at) => at.seen), { timeout: WAIT, message: name }).toBe(true);
        return;
      }
      passed.push((await focused(world.page)).name.slice(0, 30));
      await press('Tab');
    }
    throw new Error(`Tab does not lead to "${name}" on ${world.page.url()}: ${passed.join(' | ')}`);
  }

  async function choose(name: string): Promise<void> {
    await world.page.getByRole('menuitem', { name, exact: true }).waitFor();
    await expect.poll(() => world.page.evaluate(() => document.activeElement?.role), { timeout: WAIT }).toBe('menuitem');
    for (let i = 0; i < 12 && (await focused(world.page)).name !== name; i++) await press('ArrowDown');
    await focusIsAt(name);
    await press('Enter');
  }

  async function signIn(path: string, user: string): Promise<void> {
    await world.page.goto(world.mock.url + path);
    await world.page.getByLabel('User name').waitFor();
    await world.page.keyboard.type(user);
    await press('Tab');
    await world.page.keyboard.type('correct horse');
    await press('Enter');
  }

  it('a person skips to their desktop, connects, presses Ctrl+Alt+Del, and leaves', async () => {
    await signIn('/', 'alice');
    await heading('My desktops');
    await world.page.reload();
    await heading('My desktops');
    await press('Tab');
    await focusIsAt('Skip');
    await world.shot('keyboard-skip');
    await press('Enter');
    await expect.poll(() => world.page.evaluate(() => document.activeElement?.id), { timeout: WAIT }).toBe('main');
    await tabTo('Connect: Debian desktop');
    await press('Enter');
    await world.connected();
    await focusIsIn('CANVAS');
    await press('Control+Alt+Shift');
    await focusIsAt('My desktops');
    await tabTo('Keys');
    await press('Enter');
    await choose('Ctrl + Alt + Del');
    await focusIsIn('CANVAS');
    await expect
      .poll(() => world.mock.screens.at(-1)!.inputs.flatMap((input) => ('key' in input && input.down ? [input.key] : [])), { timeout: WAIT })
      .toEqual(expect.arrayContaining([0xffe3, 0xffe9, 0xffff]));
    await press('Control+Alt+Shift');
    await focusIsAt('My desktops');
    await press('Enter');
    await heading('My desktops');
  });

  it('an administrator makes a pool; a dialog that is given up gives the focus back', async () => {
    await signIn('/admin/pools', 'admin');
    await heading('Pools');
    await tabTo('Create pool');
    await press('Enter');
    await focusIsIn('INPUT');
    await world.page.keyboard.type('Course room');
    const step = (): Promise<string | null> => world.page.locator('[aria-current="step"]').textContent();
    for (let before = await step(); before !== 'Review'; before = await step()) {
      await tabTo('Next');
      await press('Enter');
      await expect.poll(step, { timeout: WAIT }).not.toBe(before);
    }
    await tabTo('Create pool');
    await press('Enter');
    await heading('Course room');
    await tabTo('Actions for Course room');
    await press('Enter');
    await choose('Delete');
    await world.page.getByRole('dialog').waitFor();
    await world.shot('keyboard-delete');
    await press('Escape');
    await world.page.getByRole('dialog').waitFor({ state: 'detached' });
    await focusIsAt('Actions for Course room');
  });

  it('the helpdesk finds a person, thinks better of a restore, and does it', async () => {
    await signIn('/helpdesk', 'carol');
    await heading('Helpdesk');
    await focusIsAt('Find a person by name');
    await world.page.keyboard.type('bob');
    await world.page.getByRole('link', { name: 'Bob Baker' }).waitFor();
    await press('Enter');
    await heading('Bob Baker');
    await tabTo('Snapshots');
    await press('Enter');
    await tabTo('Go back: Noon');
    await press('Enter');
    await world.page.getByRole('region', { name: 'Now' }).waitFor();
    await world.shot('keyboard-restore');
    await press('Escape');
    await world.page.getByRole('region', { name: 'Now' }).waitFor({ state: 'detached' });
    await focusIsAt('Go back: Noon');
    await press('Enter');
    await world.page.getByRole('region', { name: 'Now' }).waitFor();
    await tabTo('Go back');
    await press('Enter');
    await world.page.getByRole('region', { name: 'Now' }).waitFor({ state: 'detached' });
    await focusIsAt('Go back: Noon');
    await press('Escape');
    await world.page.getByRole('dialog').waitFor({ state: 'detached' });
    await focusIsAt('Snapshots');
    await world.page.getByText('snapshot.restore').first().waitFor();
  });
});
