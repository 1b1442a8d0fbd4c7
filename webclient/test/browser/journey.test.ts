import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { ASSETS, noBrowser, WAIT, World } from './world';

const FIRST_LOAD_LIMIT = 300 * 1024;

it('loads the portal with at most 300 KB of scripts and styles', () => {
  const index = readFileSync(join(ASSETS, 'index.html'), 'utf8');
  const files = [...index.matchAll(/(?:src|href)="\/([^"]+\.(?:js|css))"/g)].map((match) => match[1] ?? '');
  expect(files.length).toBeGreaterThan(2);
  const size = files.reduce((sum, file) => sum + gzipSync(readFileSync(join(ASSETS, file))).length, 0);
  expect(size).toBeLessThanOrEqual(FIRST_LOAD_LIMIT);
});

describe.skipIf(noBrowser)('in a browser', { timeout: 90_000 }, () => {
  const world = new World();

  it('brings a person from the sign-in page to the desktop they wanted, and back', async () => {
    await world.page.goto(`${world.mock.url}/desktop/demo`);
    await world.page.getByLabel('User name').waitFor();
    await world.accessible();
    world.mock.broker.hold();
    await world.signInByForm('/desktop/demo', 'alice');
    await world.page.getByText('Claiming a machine').waitFor({ state: 'attached' });
    await world.accessible();
    world.mock.broker.advance();
    await world.page.getByText('Cloning the disk').waitFor({ state: 'attached' });
    world.mock.broker.release();
    await world.connected();
    expect(await world.page.title()).toBe('Debian desktop · Oriel');
    await world.accessible();

    await world.page.getByRole('button', { name: 'Leave, restart, log off' }).click();
    await world.page.getByRole('menuitem', { name: 'Log off' }).click();
    await world.accessible();
    await world.page.getByRole('button', { name: 'Log off' }).click();
    await world.page.getByRole('button', { name: 'Connect: Debian desktop' }).waitFor();
    expect(world.mock.broker.sessions.find((session) => session.username === 'alice')?.state).toBe('ENDED');
  });

  it('sends keys and the mouse to the desktop, and never the ticket in an address', async () => {
    const addresses: string[] = [];
    world.page.on('request', (request) => addresses.push(request.url()));
    world.page.on('websocket', (socket) => addresses.push(socket.url()));
    await world.signIn('/desktop/demo', 'alice');
    await world.connected();
    const canvas = world.page.locator('.oriel-viewer__screen canvas');
    const picture = (): Promise<string> => canvas.evaluate((element: HTMLCanvasElement) => element.toDataURL());
    const before = await picture();
    await world.page.mouse.click(640, 600);
    await expect.poll(picture, { timeout: WAIT }).not.toBe(before);
    const clicked = await picture();
    await world.page.keyboard.type('ls');
    await expect.poll(picture, { timeout: WAIT }).not.toBe(clicked);
    expect(addresses.some((address) => address.endsWith('/display'))).toBe(true);
    expect(addresses.filter((address) => address.includes('ticket='))).toEqual([]);
  });

  it('comes back by itself after a dropped connection, with the last picture kept', async () => {
    await world.signIn('/desktop/demo', 'alice');
    await world.connected();
    const [display] = world.mock.displays;
    const handle = world.mock.broker.handle.bind(world.mock.broker);
    world.mock.broker.handle = async (request) =>
      request.url.endsWith('/ticket') ? new Response('down', { status: 503 }) : handle(request);
    display?.terminate();
    await world.page.getByText('Your desktop keeps running.').waitFor();
    expect(await world.page.locator('.oriel-viewer__still').getAttribute('data-filled')).toBe('true');
    await world.accessible();
    world.mock.broker.handle = handle;
    await world.connected();
    expect(world.mock.displays.size).toBe(1);
    expect(world.mock.displays.has(display!)).toBe(false);
  });

  it('says that the desktop was opened elsewhere, and takes it back only when asked', async () => {
    await world.signIn('/desktop/demo', 'alice');
    await world.connected();
    for (const display of world.mock.displays) display.close(4003);
    await world.page.getByRole('heading', { name: 'The desktop is open elsewhere' }).waitFor();
    await world.accessible();
    await world.page.getByRole('button', { name: 'Open it here again' }).click();
    await world.connected();
  });

  it('follows a restart back to the desktop', async () => {
    await world.signIn('/desktop/demo', 'alice');
    await world.connected();
    await world.page.getByRole('button', { name: 'Leave, restart, log off' }).click();
    await world.page.getByRole('menuitem', { name: 'Restart' }).click();
    world.mock.broker.hold();
    await world.page.getByRole('button', { name: 'Restart' }).click();
    await world.page.getByRole('heading', { name: 'Debian desktop restarts', exact: true }).waitFor();
    world.mock.broker.release();
    await world.connected();
  });

  it('shows the place in the queue, and the desktop when it is free', async () => {
    world.mock.broker.hold();
    await world.signIn('/', 'alice');
    await world.page.getByRole('button', { name: 'Queue up: Design studio' }).click();
    await world.page.getByText('Place 2 of 3').waitFor();
    await world.accessible();
    world.mock.broker.advance();
    await world.page.getByText('You are next').waitFor();
    world.mock.broker.release();
    await world.connected();
  });

  it('works by keyboard alone', async () => {
    await world.page.goto(`${world.mock.url}/`);
    await world.page.getByLabel('User name').waitFor();
    await world.page.keyboard.type('alice');
    await world.page.keyboard.press('Tab');
    await world.page.keyboard.type('correct horse');
    await world.page.keyboard.press('Enter');
    const connect = world.page.getByRole('button', { name: 'Connect: Debian desktop' });
    await connect.waitFor();
    const focused = (): Promise<string> => world.page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? '');
    for (let i = 0; i < 10 && (await focused()) !== 'Connect: Debian desktop'; i++) await world.page.keyboard.press('Tab');
    expect(await focused()).toBe('Connect: Debian desktop');
    await world.page.keyboard.press('Enter');
    await world.connected();
    await expect.poll(() => world.page.evaluate(() => document.activeElement?.tagName)).toBe('CANVAS');
    await world.page.keyboard.press('Control+Alt+Shift');
    await expect.poll(focused).toBe('My desktops');
    await world.page.keyboard.press('Escape');
    await expect.poll(() => world.page.evaluate(() => document.activeElement?.tagName)).toBe('CANVAS');
    await world.page.keyboard.press('Control+Alt+Shift');
    await expect.poll(focused).toBe('My desktops');
    await world.page.keyboard.press('Enter');
    await world.page.getByRole('heading', { name: 'My desktops' }).waitFor();
  });

  it('offers the keys that the browser keeps for itself', async () => {
    await world.signIn('/desktop/demo', 'alice');
    await world.connected();
    await world.page.getByRole('button', { name: 'Keys' }).click();
    await world.accessible();
    const first = world.page.getByRole('menuitem', { name: 'Ctrl + Alt + Del' });
    // Visible is not enough: a list may be there, shrunk to nothing.
    expect((await first.boundingBox())?.height).toBeGreaterThan(20);
    await first.click();
    await expect.poll(() => world.page.evaluate(() => document.activeElement?.tagName)).toBe('CANVAS');
  });

  it('exchanges clipboard text through the panel', async () => {
    await world.signIn('/desktop/demo', 'alice');
    await world.connected();
    await world.page.getByRole('button', { name: 'Clipboard' }).click();
    await world.accessible();
    await world.page.getByLabel('Text in the clipboard').fill('<img src=x onerror=alert(1)>');
    await world.page.getByRole('button', { name: 'Send to the desktop' }).click();
    await world.page.getByRole('button', { name: 'Clipboard' }).click();
    expect(await world.page.getByLabel('Text in the clipboard').inputValue()).toBe('<img src=x onerror=alert(1)>');
    expect(await world.page.locator('img').count()).toBe(0);
  });

  it('returns to the sign-in page when the sign-in ends, and then to the same page', async () => {
    await world.signIn('/', 'alice');
    await world.page.getByRole('heading', { name: 'My desktops' }).waitFor();
    await world.context.clearCookies();
    world.mock.broker.tell('alice', 'signed-out', { reason: 'DISABLED' });
    await world.page.getByLabel('User name').waitFor();
    expect(await world.page.getByText('Debian desktop').count()).toBe(0);
  });

  it('lets an administrator create a user, whose name stays text, and disable them', async () => {
    await world.signIn('/admin/users', 'admin');
    await world.page.getByText('<b>Dave</b> & Söhne').waitFor();
    await world.page.getByRole('button', { name: 'Create user' }).click();
    await world.accessible();
    const dialog = world.page.getByRole('dialog');
    await dialog.getByLabel('User name').fill('frank');
    await dialog.getByRole('button', { name: 'Create user' }).click();
    await world.page.getByText('New password of frank').waitFor();
    await world.page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();
    const row = world.page.locator('[data-row="frank"]');
    await row.getByRole('button').click();
    await world.page.getByRole('menuitem', { name: 'Disable' }).click();
    await world.page.getByRole('dialog').getByRole('button', { name: 'Disable' }).click();
    await row.getByText('Disabled').waitFor();
  });

  it('speaks German, and remembers it', async () => {
    await world.page.goto(`${world.mock.url}/`);
    await world.page.getByRole('button', { name: 'Deutsch' }).click();
    await world.page.getByRole('heading', { name: 'Anmelden' }).waitFor();
    await world.page.reload();
    await world.page.getByRole('heading', { name: 'Anmelden' }).waitFor();
    expect(await world.page.evaluate(() => document.documentElement.lang)).toBe('de');
  });
});
