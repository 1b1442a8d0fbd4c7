import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { noBrowser, WINDOWS, World } from './world';

describe.skipIf(noBrowser)('a desktop in a VNC viewer', { timeout: 90_000 }, () => {
  const world = new World();

  const offer = async (german = false): Promise<void> => {
    const card = world.page.locator('[data-pool=demo]');
    await card.getByRole('button', { name: german ? /^Mehr zu/ : /^More for/ }).click();
    await world.page.getByRole('menuitem', { name: german ? 'In einem VNC-Viewer öffnen' : 'Open in a VNC viewer' }).click();
  };

  it('is not offered where the pool shows it in browsers only', async () => {
    await world.signIn('/', 'alice');
    await world.page.locator('[data-pool=demo]').getByRole('button', { name: /^More for/ }).click();
    await world.page.getByRole('menuitem', { name: 'Open in a new window' }).waitFor();
    expect(await world.page.getByRole('menuitem', { name: 'Open in a VNC viewer' }).count()).toBe(0);
  });

  it('is claimed, and told how to be opened: once, for a minute', async () => {
    world.mock.broker.change('alice', 'demo', { nativeViewers: true });
    await world.signIn('/', 'alice');
    await offer();
    const dialog = world.page.getByRole('dialog');
    const password = dialog.getByLabel('One-time password', { exact: true });
    await password.waitFor();
    expect(await dialog.getByLabel('Server', { exact: true }).inputValue()).toBe('desktops.example.org::5900');
    expect(await dialog.getByLabel('User name', { exact: true }).inputValue()).toBe('alice');
    const first = await password.inputValue();
    expect(first).toHaveLength(43);
    await dialog.getByRole('button', { name: 'The server’s certificate' }).click();
    await dialog.getByText('pin-sha256').waitFor();
    await world.accessible();
    await world.shot('native-viewer');

    const [file] = await Promise.all([
      world.page.waitForEvent('download'),
      dialog.getByRole('button', { name: 'Save the connection file' }).click(),
    ]);
    expect(file.suggestedFilename()).toBe('demo.tigervnc');
    expect(readFileSync(await file.path(), 'utf8')).toContain('ServerName=desktops.example.org::5900');

    // The viewer's connecting changes the desktop's state, not the password.
    world.mock.broker.change('alice', 'demo', { state: 'CONNECTED', action: 'RECONNECT' });
    expect(await password.inputValue()).toBe(first);
    await dialog.getByLabel('Only see').click();
    await world.page.waitForFunction((before) => {
      const now = document.querySelector<HTMLInputElement>('[aria-label="One-time password"]')?.value;
      return now !== undefined && now !== before;
    }, first);
  });

  it('needs a new password when the old one has expired', async () => {
    world.mock.broker.change('alice', 'demo', { nativeViewers: true, recorded: true });
    await world.signIn('/', 'alice');
    await world.page.clock.install();
    await offer();
    const dialog = world.page.getByRole('dialog');
    const password = dialog.getByLabel('One-time password', { exact: true });
    await world.page.clock.runFor(5_000);
    await password.waitFor();
    await dialog.getByText('is recorded while you are connected').waitFor();
    const first = await password.inputValue();
    await world.page.clock.runFor(61_000);
    await dialog.getByText('The password has expired.').waitFor();
    expect(await password.count()).toBe(0);
    await dialog.getByRole('button', { name: 'New password' }).click();
    await dialog.getByText('The password has expired.').waitFor({ state: 'detached' });
    expect(first).toHaveLength(43);
  });

  it('is explained in German, in the dark and on a phone', async () => {
    await world.open({ viewport: WINDOWS.phone, colorScheme: 'dark', locale: 'de-DE' });
    await world.page.goto(`${world.mock.url}/`);
    await world.page.getByLabel('Benutzername').fill('alice');
    await world.page.locator('#password').fill('correct horse');
    await world.page.getByRole('button', { name: 'Anmelden' }).click();
    await world.page.locator('[data-pool=demo]').waitFor();
    world.mock.broker.change('alice', 'demo', { nativeViewers: true });
    await offer(true);
    await world.page.getByRole('dialog').getByLabel('Einmalpasswort', { exact: true }).waitFor();
    expect(await world.fits()).toBe(true);
    await world.accessible();
    await world.shot('native-viewer-german-dark-phone');
  });
});
