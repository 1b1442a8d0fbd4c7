import { beforeEach, describe, expect, it } from 'vitest';
import type { Input } from '../../mock/screen';
import { noBrowser, WAIT, WINDOWS, World } from './world';

interface Finger {
  x: number;
  y: number;
}

describe.skipIf(noBrowser)('with fingers', { timeout: 90_000 }, () => {
  const world = new World();

  beforeEach(async () => {
    await world.open({ viewport: WINDOWS.phone, hasTouch: true, isMobile: true });
    await world.signIn('/desktop/demo', 'alice');
    await world.connected();
  }, 60_000);

  const inputs = (): readonly Input[] => world.mock.screens.at(-1)!.inputs;
  /** The sequence of pressed buttons, without repeats and movements. */
  const buttons = (): number[] =>
    inputs()
      .flatMap((input) => ('buttons' in input ? [input.buttons] : []))
      .filter((now, i, all) => now !== all[i - 1]);

  /** One movement after the other, as a touch screen tells them. */
  async function touch(...steps: Finger[][]): Promise<void> {
    const device = await world.context.newCDPSession(world.page);
    const send = (type: 'touchStart' | 'touchMove' | 'touchEnd', touchPoints: Finger[]): Promise<unknown> =>
      device.send('Input.dispatchTouchEvent', { type, touchPoints: touchPoints.map((finger, id) => ({ ...finger, id })) });
    for (const [i, step] of steps.entries()) await send(i === 0 ? 'touchStart' : 'touchMove', step);
    await send('touchEnd', []);
  }

  it('clicks where it is tapped', async () => {
    await touch([{ x: 200, y: 430 }]);
    await expect.poll(buttons, { timeout: WAIT }).toEqual(expect.arrayContaining([1, 0]));
    const pressed = inputs().find((input) => 'buttons' in input && input.buttons === 1) as Input & { x: number };
    const box = (await world.page.locator('.oriel-viewer__screen canvas').boundingBox())!;
    expect(pressed.x).toBeCloseTo(((200 - box.x) * 1280) / box.width, -1);
  });

  it('clicks with the right button by two fingers', async () => {
    await touch([{ x: 180, y: 430 }, { x: 230, y: 430 }]);
    await expect.poll(buttons, { timeout: WAIT }).toContain(4);
    await expect.poll(() => buttons().at(-1), { timeout: WAIT }).toBe(0);
  });

  it('scrolls by dragging two fingers', async () => {
    const at = (y: number): Finger[] => [{ x: 180, y }, { x: 230, y }];
    await touch(at(520), at(480), at(440), at(400), at(360));
    // Button 5 of RFB is a turn of the wheel downwards.
    await expect.poll(buttons, { timeout: WAIT }).toContain(16);
  });

  it('types on the on-screen keyboard what has no key, and takes it back', async () => {
    const show = world.page.getByRole('button', { name: 'Show the toolbar' });
    if (await show.isVisible()) await show.tap();
    await world.page.getByRole('button', { name: 'On-screen keyboard' }).tap();
    const field = world.page.locator('.oriel-soft-keyboard');
    await expect.poll(() => field.evaluate((element) => document.activeElement === element), { timeout: WAIT }).toBe(true);
    const device = await world.context.newCDPSession(world.page);
    // As a phone's keyboard does: text, not keys.
    await device.send('Input.insertText', { text: 'aä€' });
    const typed = (): number[] => inputs().flatMap((input) => ('key' in input && input.down ? [input.key] : []));
    await expect.poll(typed, { timeout: WAIT }).toEqual([0x61, 0xe4, 0x010020ac]);
    await field.evaluate((element: HTMLTextAreaElement) => {
      element.value = element.value.slice(0, -1);
      element.dispatchEvent(new InputEvent('input', { bubbles: true }));
    });
    await expect.poll(() => typed().at(-1), { timeout: WAIT }).toBe(0xff08);
    await world.shot('viewer-phone');
  });

  it('shows how the connection is, and has no button for what nobody may do', async () => {
    const show = world.page.getByRole('button', { name: 'Show the toolbar' });
    if (await show.isVisible()) await show.tap();
    await world.page.locator('.oriel-link').waitFor();
    expect(await world.page.getByRole('button', { name: /file|upload/i }).count()).toBe(0);
    await world.accessible();
    expect(await world.fits()).toBe(true);
  });
});

describe.skipIf(noBrowser)('a sign-in that nobody uses', { timeout: 90_000 }, () => {
  const world = new World();

  it('asks before it ends, and goes on if somebody is there', async () => {
    world.mock.broker.signInMs = 121_000;
    await world.signIn('/', 'alice');
    await world.page.getByRole('heading', { name: 'My desktops' }).waitFor();
    await world.page.getByRole('alertdialog').getByText('Your desktops keep running.').waitFor();
    await world.accessible();
    world.mock.broker.signInMs = 3_600_000;
    await world.page.getByRole('button', { name: 'Stay signed in' }).click();
    await world.page.getByRole('alertdialog').waitFor({ state: 'detached' });
    await world.page.getByRole('heading', { name: 'My desktops' }).waitFor();
  });
});
