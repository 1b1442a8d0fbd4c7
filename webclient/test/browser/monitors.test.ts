import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import type { Input } from '../../mock/screen';
import { noBrowser, WAIT, World } from './world';

describe.skipIf(noBrowser)('a person with several monitors', { timeout: 120_000 }, () => {
  const world = new World();

  const screen = () => world.mock.screens.at(-1)!;
  const pointers = (): { x: number; y: number }[] =>
    screen().inputs.flatMap((input: Input) => ('buttons' in input && input.buttons === 1 ? [input] : []));
  const sizeOf = (page: Page): Promise<string> =>
    page
      .locator('.oriel-viewer__screen canvas')
      .evaluate((canvas: HTMLCanvasElement) => `${canvas.width}x${canvas.height}`);
  /** Of the pixel in a canvas's corner. */
  const corner = (page: Page): Promise<number[]> =>
    page.locator('.oriel-viewer__screen canvas').evaluate((canvas: HTMLCanvasElement) => {
      const copy = document.createElement('canvas');
      copy.width = canvas.width;
      copy.height = canvas.height;
      const context = copy.getContext('2d')!;
      context.drawImage(canvas, 0, 0);
      return [...context.getImageData(5, 5, 1, 1).data.subarray(0, 3)];
    });

  async function toolbar(): Promise<void> {
    const show = world.page.getByRole('button', { name: 'Show the toolbar' });
    if (await show.isVisible()) await show.click();
  }

  async function add(): Promise<Page> {
    // It hides by itself after a while, which a busy computer may take to find a button in it.
    const view = world.page.getByRole('button', { name: 'View', exact: true });
    const click = (): Promise<boolean> => toolbar().then(() => view.click({ timeout: 2_000 })).then(() => true, () => false);
    await expect.poll(click, { timeout: WAIT }).toBe(true);
    const opened = world.context.waitForEvent('page');
    await world.page.getByRole('menuitem', { name: 'Add a monitor' }).click();
    const other = await opened;
    other.setDefaultTimeout(WAIT);
    await other.locator('.oriel-viewer__screen canvas').waitFor();
    return other;
  }

  it('adds one in a window of its own, works in both, and closes it', async () => {
    await world.signIn('/desktop/demo', 'alice');
    await world.connected();
    const other = await add();
    expect(await other.title()).toBe('Debian desktop · monitor 2');
    // Each window shows its part: the mock paints another corner on each monitor.
    await expect.poll(() => corner(other), { timeout: WAIT }).toEqual([80, 40, 140]);
    await expect.poll(() => corner(world.page), { timeout: WAIT }).toEqual([0, 40, 200]);
    const [left, right] = [await sizeOf(world.page), await sizeOf(other)];
    expect(left).toBe('1280x720');
    const leftWidth = Number(left.split('x')[0]);

    // The mouse is on the right monitor, and so is the keyboard.
    const box = (await other.locator('.oriel-viewer__screen canvas').boundingBox())!;
    await other.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
    await expect.poll(pointers, { timeout: WAIT }).toHaveLength(1);
    expect(pointers()[0]!.x).toBeCloseTo(leftWidth + Number(right.split('x')[0]) / 2, -1);
    await other.keyboard.type('ls');
    await expect
      .poll(() => screen().inputs.flatMap((input) => ('key' in input && input.down ? [input.key] : [])), { timeout: WAIT })
      .toEqual([0x6c, 0x73]);
    await world.page.mouse.click(300, 300);
    await expect.poll(pointers, { timeout: WAIT }).toHaveLength(2);
    expect(pointers()[1]!.x).toBeCloseTo(300, -1);
    await world.shot('monitors-first');
    await other.screenshot({ path: 'target/screenshots/monitors-second.png' });
    await world.accessible();

    // Its own controls by keyboard: the desktop gets all plain keys.
    await other.keyboard.press('Control+Alt+Shift');
    await other.getByRole('button', { name: 'Close this monitor' }).waitFor();
    await other.screenshot({ path: 'target/screenshots/monitors-controls.png' });
    await other.getByRole('button', { name: 'Close this monitor' }).click();
    await expect.poll(() => world.context.pages().length, { timeout: WAIT }).toBe(1);
    await expect.poll(() => sizeOf(world.page), { timeout: WAIT }).toBe('1280x720');
  });

  it('keeps them through a broken connection, and takes them along at the end', async () => {
    await world.signIn('/desktop/demo', 'alice');
    await world.connected();
    const second = await add();
    await expect.poll(() => corner(second), { timeout: WAIT }).toEqual([80, 40, 140]);
    const third = await add();
    await expect.poll(() => corner(third), { timeout: WAIT }).toEqual([160, 40, 80]);
    const before = world.mock.screens.length;
    for (const display of world.mock.displays) display.terminate();
    await expect.poll(() => world.mock.screens.length, { timeout: WAIT }).toBe(before + 1);
    await world.connected();
    await expect.poll(() => corner(third), { timeout: WAIT }).toEqual([160, 40, 80]);
    await expect.poll(() => corner(second), { timeout: WAIT }).toEqual([80, 40, 140]);

    // One is closed as people close windows; the other moves up.
    await second.close({ runBeforeUnload: false });
    await expect.poll(() => corner(third), { timeout: WAIT }).toEqual([80, 40, 140]);
    await toolbar();
    await world.page.getByRole('button', { name: 'My desktops' }).click();
    await world.page.getByRole('heading', { name: 'My desktops' }).waitFor();
    await expect.poll(() => world.context.pages().length, { timeout: WAIT }).toBe(1);
  });

  it('says when there is no room for another', async () => {
    await world.open({ viewport: { width: 2000, height: 1100 } });
    await world.signIn('/desktop/demo', 'alice');
    await world.connected();
    await toolbar();
    await world.page.getByRole('button', { name: 'View', exact: true }).click();
    await world.page.getByRole('menuitem', { name: 'Add a monitor' }).click();
    await world.page.getByText('There is no room for so many pixels').waitFor();
    await expect.poll(() => world.context.pages().length, { timeout: WAIT }).toBe(1);
    await world.shot('monitors-no-room');
    await world.accessible();
  });
});
