import axe from 'axe-core';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import type { MockOptions } from '../../mock/broker';
import { serve, type MockServer } from '../../mock/server';

export const CHROMIUM = process.env.ORIEL_CHROMIUM ?? '/usr/bin/chromium';
export const ASSETS = join(import.meta.dirname, '../../target/classes/oriel/webclient');
const SHOTS = join(import.meta.dirname, '../../target/screenshots');
export const WAIT = 20_000;

export const noBrowser = !existsSync(CHROMIUM);

/** The windows that every page has to fit. */
export const WINDOWS = {
  wide: { width: 1440, height: 900 },
  tablet: { width: 1024, height: 768 },
  phone: { width: 390, height: 844 },
} as const;

/** One for all that a file describes: people are kept apart by contexts. */
let browser: Promise<Browser> | undefined;
afterAll(async () => (await browser)?.close());

/** The built client in a real browser, under the product's Content-Security-Policy, against the mock. One for each `describe`. */
export class World {
  page!: Page;
  mock!: MockServer;
  context!: BrowserContext;
  #browser!: Browser;
  #complaints: string[] = [];

  /** Registers what has to happen around the tests of the describe block that it is called in. */
  constructor(options: MockOptions = {}) {
    beforeAll(async () => {
      browser ??= chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
      this.#browser = await browser;
    }, 60_000);
    beforeEach(async () => {
      this.mock = await serve(ASSETS, 0, { stageMs: 20, queueMs: 100, ...options });
      await this.open({ viewport: { width: 1280, height: 720 } });
    }, 60_000);
    afterEach(async () => {
      await this.context.close();
      await this.mock.close();
      expect(this.#complaints.splice(0)).toEqual([]);
    });
  }

  /** A browser of somebody else; the one before is closed. */
  async open(options: BrowserContextOptions): Promise<void> {
    await (this.context as BrowserContext | undefined)?.close();
    this.context = await this.#browser.newContext({ locale: 'en-US', ...options });
    this.page = await this.another();
  }

  /** Another tab of the same person. */
  async another(): Promise<Page> {
    const page = await this.context.newPage();
    page.setDefaultTimeout(WAIT);
    page.on('pageerror', (error) => this.#complaints.push(error.message));
    page.on('console', (message) => {
      if (message.text().includes('Content Security Policy')) this.#complaints.push(message.text());
    });
    return page;
  }

  /** A second person's browser, next to the first. */
  async somebodyElse(): Promise<Page> {
    const context = await this.#browser.newContext({ locale: 'en-US' });
    this.context.on('close', () => void context.close());
    const page = await context.newPage();
    page.setDefaultTimeout(WAIT);
    return page;
  }

  /** Opens a page as somebody who signed in before. */
  async signIn(path: string, user: string, page = this.page): Promise<void> {
    const answer = await page.context().request.post(`${this.mock.url}/api/v1/login`, {
      headers: { 'X-Oriel-Request': '1' },
      data: { username: user, password: 'correct horse' },
    });
    expect(answer.status()).toBe(200);
    await page.goto(this.mock.url + path);
  }

  /** Opens a page and signs in at the form that is there instead. */
  async signInByForm(path: string, user: string, page = this.page): Promise<void> {
    await page.goto(this.mock.url + path);
    await page.getByLabel('User name').fill(user);
    await page.locator('#password').fill('correct horse');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByLabel('User name').waitFor({ state: 'detached' });
  }

  async connected(): Promise<void> {
    await this.page.waitForSelector('[data-phase="connected"]');
  }

  async accessible(): Promise<void> {
    expect(await this.violations()).toEqual([]);
  }

  /** Against WCAG 2.2 A and AA, each with its place. */
  async violations(): Promise<string[]> {
    // Menus and dialogs fade in: contrast is only right at the end.
    await this.page.evaluate(() =>
      Promise.all(
        document
          .getAnimations()
          .filter((animation) => animation.effect?.getComputedTiming().endTime !== Infinity)
          .map((animation) => animation.finished.catch(() => undefined)),
      ),
    );
    if (await this.page.evaluate(() => !('axe' in window))) await this.page.evaluate(axe.source);
    return this.page.evaluate(async () => {
      const checker = (window as unknown as { axe: typeof axe }).axe;
      // PatternFly names its wizard's toggle itself, other than it reads, and has no property for it.
      const page = { exclude: ['.pf-v6-c-wizard__toggle'] };
      const { violations } = await checker.run(page, {
        runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
      });
      return violations.flatMap((found) => found.nodes.map((node) => `${found.id}: ${node.target.join(' ')}: ${node.html.slice(0, 160)}`));
    });
  }

  /** Nothing sticks out of the window sideways. */
  async fits(): Promise<boolean> {
    return this.page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth);
  }

  async loaded(): Promise<void> {
    await this.page.waitForFunction(() => document.querySelector('[aria-busy="true"], .pf-v6-c-skeleton') === null);
  }

  /** Kept in target/screenshots. */
  async shot(name: string): Promise<void> {
    mkdirSync(SHOTS, { recursive: true });
    await this.page.screenshot({ path: join(SHOTS, `${name}.png`) });
  }
}
