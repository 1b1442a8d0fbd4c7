// @vitest-environment node
import axe from 'axe-core';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { serve, type MockServer } from '../../mock/server';

// The built client in a real browser, under the Content-Security-Policy of the product, against the mock.

const CHROMIUM = process.env.ORIEL_CHROMIUM ?? '/usr/bin/chromium';
const ASSETS = join(import.meta.dirname, '../../target/classes/oriel/webclient');
const FIRST_LOAD_LIMIT = 300 * 1024;
const WAIT = 20_000;

it('loads the portal with at most 300 KB of scripts and styles', () => {
  const index = readFileSync(join(ASSETS, 'index.html'), 'utf8');
  const files = [...index.matchAll(/(?:src|href)="\/([^"]+\.(?:js|css))"/g)].map((match) => match[1] ?? '');
  expect(files.length).toBeGreaterThan(2);
  const size = files.reduce((sum, file) => sum + gzipSync(readFileSync(join(ASSETS, file))).length, 0);
  expect(size).toBeLessThanOrEqual(FIRST_LOAD_LIMIT);
});

describe.skipIf(!existsSync(CHROMIUM))('in a browser', { timeout: 90_000 }, () => {
  let browser: Browser;
  let mock: MockServer;
  let context: BrowserContext;
  let page: Page;
  let complaints: string[];

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
  }, 60_000);
  afterAll(() => browser.close());

  beforeEach(async () => {
    mock = await serve(ASSETS, 0, { stageMs: 150, queueMs: 600 });
    await newPage({ width: 1280, height: 720 }, 'light');
  });
  afterEach(async () => {
    await context.close();
    await mock.close();
    expect(complaints).toEqual([]);
  });

  async function newPage(viewport: { width: number; height: number }, colorScheme: 'light' | 'dark'): Promise<void> {
    await (context as BrowserContext | undefined)?.close();
    context = await browser.newContext({ viewport, colorScheme, locale: 'en-US' });
    page = await context.newPage();
    page.setDefaultTimeout(WAIT);
    complaints = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      if (message.text().includes('Content Security Policy')) complaints.push(message.text());
    });
  }

  async function signIn(path: string, user: string): Promise<void> {
    await page.goto(mock.url + path);
    await page.getByLabel('User name').fill(user);
    await page.locator('#password').fill('correct horse');
    await page.getByRole('button', { name: 'Sign in' }).click();
  }

  async function connected(): Promise<void> {
    await page.waitForSelector('[data-phase="connected"]');
  }

  /** WCAG 2.2 A and AA; a finding is told with its place. */
  async function accessible(): Promise<void> {
    // Menus and dialogs fade in: contrast is only right at the end.
    await page.evaluate(() =>
      Promise.all(
        document
          .getAnimations()
          .filter((animation) => animation.effect?.getComputedTiming().endTime !== Infinity)
          .map((animation) => animation.finished.catch(() => undefined)),
      ),
    );
    await page.evaluate(axe.source);
    const findings = await page.evaluate(async () => {
      const checker = (window as unknown as { axe: typeof axe }).axe;
      const { violations } = await checker.run(document, {
        runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
      });
      return violations.flatMap((found) => found.nodes.map((node) => `${found.id}: ${node.target.join(' ')}: ${node.html.slice(0, 160)}`));
    });
    expect(findings).toEqual([]);
  }

  it('brings a person from the sign-in page to the desktop they wanted, and back', async () => {
    await page.goto(`${mock.url}/desktop/demo`);
    await page.getByLabel('User name').waitFor();
    await accessible();
    mock.broker.hold();
    await signIn('/desktop/demo', 'alice');
    await page.getByText('Claiming a machine').waitFor({ state: 'attached' });
    await accessible();
    mock.broker.advance();
    await page.getByText('Cloning the disk').waitFor({ state: 'attached' });
    mock.broker.release();
    await connected();
    expect(await page.title()).toBe('Debian desktop · Oriel');
    await accessible();

    await page.getByRole('button', { name: 'Leave, restart, log off' }).click();
    await page.getByRole('menuitem', { name: 'Log off' }).click();
    await accessible();
    await page.getByRole('button', { name: 'Log off' }).click();
    await page.getByRole('button', { name: 'Connect: Debian desktop' }).waitFor();
    expect(mock.broker.sessions.find((session) => session.username === 'alice')?.state).toBe('ENDED');
  });

  it('sends keys and the mouse to the desktop, and never the ticket in an address', async () => {
    const addresses: string[] = [];
    page.on('request', (request) => addresses.push(request.url()));
    page.on('websocket', (socket) => addresses.push(socket.url()));
    await signIn('/desktop/demo', 'alice');
    await connected();
    const canvas = page.locator('.oriel-viewer__screen canvas');
    const picture = (): Promise<string> => canvas.evaluate((element: HTMLCanvasElement) => element.toDataURL());
    const before = await picture();
    await page.mouse.click(640, 600);
    await expect.poll(picture, { timeout: WAIT }).not.toBe(before);
    const clicked = await picture();
    await page.keyboard.type('ls');
    await expect.poll(picture, { timeout: WAIT }).not.toBe(clicked);
    expect(addresses.some((address) => address.endsWith('/display'))).toBe(true);
    expect(addresses.filter((address) => address.includes('ticket='))).toEqual([]);
  });

  it('comes back by itself after a dropped connection, with the last picture kept', async () => {
    await signIn('/desktop/demo', 'alice');
    await connected();
    const [display] = mock.displays;
    const handle = mock.broker.handle.bind(mock.broker);
    mock.broker.handle = async (request) =>
      request.url.endsWith('/ticket') ? new Response('down', { status: 503 }) : handle(request);
    display?.terminate();
    await page.getByText('Your desktop keeps running.').waitFor();
    expect(await page.locator('.oriel-viewer__still').getAttribute('data-filled')).toBe('true');
    await accessible();
    mock.broker.handle = handle;
    await connected();
    expect(mock.displays.size).toBe(1);
    expect(mock.displays.has(display!)).toBe(false);
  });

  it('says that the desktop was opened elsewhere, and takes it back only when asked', async () => {
    await signIn('/desktop/demo', 'alice');
    await connected();
    for (const display of mock.displays) display.close(4003);
    await page.getByRole('heading', { name: 'The desktop is open elsewhere' }).waitFor();
    await accessible();
    await page.getByRole('button', { name: 'Open it here again' }).click();
    await connected();
  });

  it('follows a restart back to the desktop', async () => {
    await signIn('/desktop/demo', 'alice');
    await connected();
    await page.getByRole('button', { name: 'Leave, restart, log off' }).click();
    await page.getByRole('menuitem', { name: 'Restart' }).click();
    mock.broker.hold();
    await page.getByRole('button', { name: 'Restart' }).click();
    await page.getByRole('heading', { name: 'Debian desktop restarts', exact: true }).waitFor();
    mock.broker.release();
    await connected();
  });

  it('shows the place in the queue, and the desktop when it is free', async () => {
    mock.broker.hold();
    await signIn('/', 'alice');
    await page.getByRole('button', { name: 'Queue up: Design studio' }).click();
    await page.getByText('Place 2 of 3').waitFor();
    await accessible();
    mock.broker.advance();
    await page.getByText('You are next').waitFor();
    mock.broker.release();
    await connected();
  });

  it('works by keyboard alone', async () => {
    await page.goto(`${mock.url}/`);
    await page.getByLabel('User name').waitFor();
    await page.keyboard.type('alice');
    await page.keyboard.press('Tab');
    await page.keyboard.type('correct horse');
    await page.keyboard.press('Enter');
    const connect = page.getByRole('button', { name: 'Connect: Debian desktop' });
    await connect.waitFor();
    const focused = (): Promise<string> => page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? '');
    for (let i = 0; i < 10 && (await focused()) !== 'Connect: Debian desktop'; i++) await page.keyboard.press('Tab');
    expect(await focused()).toBe('Connect: Debian desktop');
    await page.keyboard.press('Enter');
    await connected();
    await expect.poll(() => page.evaluate(() => document.activeElement?.tagName)).toBe('CANVAS');
    await page.keyboard.press('Control+Alt+Shift');
    await expect.poll(focused).toBe('My desktops');
    await page.keyboard.press('Escape');
    await expect.poll(() => page.evaluate(() => document.activeElement?.tagName)).toBe('CANVAS');
    await page.keyboard.press('Control+Alt+Shift');
    await expect.poll(focused).toBe('My desktops');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'My desktops' }).waitFor();
  });

  it('offers the keys that the browser keeps for itself', async () => {
    await signIn('/desktop/demo', 'alice');
    await connected();
    await page.getByRole('button', { name: 'Keys' }).click();
    await accessible();
    const first = page.getByRole('menuitem', { name: 'Ctrl + Alt + Del' });
    // Visible is not enough: a list may be there, shrunk to nothing.
    expect((await first.boundingBox())?.height).toBeGreaterThan(20);
    await first.click();
    await expect.poll(() => page.evaluate(() => document.activeElement?.tagName)).toBe('CANVAS');
  });

  it('exchanges clipboard text through the panel', async () => {
    await signIn('/desktop/demo', 'alice');
    await connected();
    await page.getByRole('button', { name: 'Clipboard' }).click();
    await accessible();
    await page.getByLabel('Text in the clipboard').fill('<img src=x onerror=alert(1)>');
    await page.getByRole('button', { name: 'Send to the desktop' }).click();
    await page.getByRole('button', { name: 'Clipboard' }).click();
    expect(await page.getByLabel('Text in the clipboard').inputValue()).toBe('<img src=x onerror=alert(1)>');
    expect(await page.locator('img').count()).toBe(0);
  });

  it('returns to the sign-in page when the sign-in ends, and then to the same page', async () => {
    await signIn('/', 'alice');
    await page.getByRole('heading', { name: 'My desktops' }).waitFor();
    await context.clearCookies();
    mock.broker.tell('alice', 'signed-out', { reason: 'DISABLED' });
    await page.getByLabel('User name').waitFor();
    expect(await page.getByText('Debian desktop').count()).toBe(0);
  });

  describe.each([
    ['light', { width: 1280, height: 720 }],
    ['dark', { width: 390, height: 844 }],
  ] as const)('the pages in %s', (theme, viewport) => {
    beforeEach(() => newPage(viewport, theme));

    it('are accessible and fit the window', async () => {
      await signIn('/', 'admin');
      await page.getByRole('article', { name: 'Debian desktop' }).waitFor();
      const fits = (): Promise<boolean> =>
        page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth);
      for (const [path, heading] of [
        ['/', 'My desktops'],
        ['/admin/pools', 'Pools'],
        ['/admin/pools/demo', 'Debian desktop'],
        ['/admin/sessions', 'Sessions'],
        ['/admin/users', 'Users'],
        ['/admin/images', 'Golden images'],
        ['/admin/audit', 'Audit'],
        ['/nowhere', 'There is no such page'],
      ] as const) {
        await page.goto(mock.url + path);
        await page.getByRole('heading', { name: heading, level: 1 }).waitFor();
        await page.waitForFunction(() => document.querySelector('[aria-busy="true"], .pf-v6-c-skeleton') === null);
        await accessible();
        expect([path, await fits()]).toEqual([path, true]);
      }
    });
  });

  it('lets an administrator create a user, whose name stays text, and disable them', async () => {
    await signIn('/admin/users', 'admin');
    await page.getByText('<b>Dave</b> & Söhne').waitFor();
    await page.getByRole('button', { name: 'Create user' }).click();
    await accessible();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('User name').fill('frank');
    await dialog.getByRole('button', { name: 'Create user' }).click();
    await page.getByText('New password of frank').waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();
    const row = page.locator('[data-row="frank"]');
    await row.getByRole('button').click();
    await page.getByRole('menuitem', { name: 'Disable' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Disable' }).click();
    await row.getByText('Disabled').waitFor();
  });

  it('speaks German, and remembers it', async () => {
    await page.goto(`${mock.url}/`);
    await page.getByRole('button', { name: 'Deutsch' }).click();
    await page.getByRole('heading', { name: 'Anmelden' }).waitFor();
    await page.reload();
    await page.getByRole('heading', { name: 'Anmelden' }).waitFor();
    expect(await page.evaluate(() => document.documentElement.lang)).toBe('de');
  });
});
