// @vitest-environment node
import { describe, expect, it } from 'vitest';
import { noBrowser, WAIT, World } from './world';

describe.skipIf(noBrowser)('the helpdesk', { timeout: 90_000 }, () => {
  const world = new World();

  it('finds a person by keyboard alone, and sees at a glance what they wait for', async () => {
    await world.signIn('/helpdesk', 'carol');
    await world.page.getByRole('heading', { name: 'Helpdesk' }).waitFor();
    await world.page.getByLabel('Find a person by name').focus();
    await world.page.keyboard.type('bob');
    await world.page.getByRole('link', { name: 'Bob Baker' }).waitFor();
    await world.accessible();
    await world.page.keyboard.press('Enter');
    await world.page.getByRole('heading', { name: 'Bob Baker', level: 1 }).waitFor();
    await world.page.getByText('24s to the desktop').waitFor();
    await world.page.getByText('No machine of the pool was free.').waitFor();
    await world.accessible();
    await world.shot('helpdesk-person');
  });

  it('looks at a screen only when asked to, and that is on the record', async () => {
    const asked: string[] = [];
    world.page.on('request', (request) => asked.push(request.url()));
    await world.signIn('/helpdesk/bob', 'carol');
    await world.page.getByText('It is recorded that you looked.').waitFor();
    expect(asked.filter((url) => url.includes('/screen'))).toEqual([]);
    await world.page.getByRole('button', { name: 'Look at the screen' }).click();
    await world.page.locator('.oriel-screen[data-shown="true"]').waitFor();
    expect(world.mock.broker.audit[0]).toMatchObject({ actor: 'carol', action: 'machine.screen', subject: 'bob' });
  });

  it('writes to a person, who reads it as text wherever they are', async () => {
    const theirs = await world.somebodyElse();
    await world.signIn('/', 'bob', theirs);
    await theirs.getByRole('heading', { name: 'My desktops' }).waitFor();
    await world.signIn('/helpdesk/bob', 'carol');
    await world.page.getByRole('button', { name: 'Send a message' }).click();
    await world.accessible();
    await world.page.locator('#message-text').fill('Please save: <b>restart</b> at noon');
    await world.page.getByLabel('As a dialog').click();
    await world.page.getByRole('button', { name: 'Send', exact: true }).click();
    await theirs.getByRole('alertdialog').getByText('Please save: <b>restart</b> at noon').waitFor();
    await theirs.getByRole('button', { name: 'I have read it' }).click();
    await theirs.getByRole('alertdialog').waitFor({ state: 'detached' });
    await world.page.getByText('session.message').waitFor();
  });

  it('is told when nobody saw the message', async () => {
    await world.signIn('/helpdesk/eve', 'carol');
    await world.page.getByRole('button', { name: 'Send a message' }).click();
    await world.page.locator('#message-text').fill('Hello');
    await world.page.getByRole('button', { name: 'Send', exact: true }).click();
    await world.page.getByText('Eve Engel did not see it').waitFor();
  });

  it('logs a person off, and the line of the trail is on the page', async () => {
    await world.signIn('/helpdesk/bob', 'carol');
    await world.page.getByRole('button', { name: 'Log off' }).click();
    await world.page.getByText('unsaved work is lost').waitFor();
    await world.page.getByRole('dialog').getByRole('button', { name: 'Log off' }).click();
    await world.page.getByRole('heading', { name: 'No live session' }).waitFor();
    await world.page.getByText('session.logoff').first().waitFor();
  });
});

describe.skipIf(noBrowser)('an administrator', { timeout: 90_000 }, () => {
  const world = new World({ manyMachines: 10_000 });

  it('sees problems first, and gets from there to the machine', async () => {
    await world.signIn('/admin', 'admin');
    await world.page.getByRole('heading', { name: 'Dashboard' }).waitFor();
    await world.page.getByText('Practice lab: 1 machine stopped with an error').waitFor();
    await world.shot('admin-dashboard');
    await world.page.getByRole('link', { name: 'Take a look' }).first().click();
    await world.page.getByRole('link', { name: 'lab-1' }).click();
    await world.page.getByText('What went wrong').waitFor();
    await world.page.getByText('the disk is full').first().waitFor();
  });

  it('makes a pool from defaults, and deletes it only by its name', async () => {
    await world.signIn('/admin/pools/new', 'admin');
    await world.page.getByLabel('Display name').fill('Übungsraum 2');
    expect(await world.page.getByLabel('Id').inputValue()).toBe('uebungsraum-2');
    const next = world.page.getByRole('button', { name: 'Next', exact: true });
    await next.click();
    await world.accessible();
    await world.page.getByLabel('Medium').click();
    await next.click();
    await world.accessible();
    await next.click();
    await world.page.getByLabel('Everyone who has an account').check();
    await world.accessible();
    await next.click();
    await world.page.getByText('2 vCPU, 1024 MiB').waitFor();
    await world.accessible();
    await world.page.getByRole('button', { name: 'Create pool' }).click();
    await world.page.getByRole('heading', { name: 'Übungsraum 2', level: 1 }).waitFor();
    expect(world.mock.broker.pools.get('uebungsraum-2')).toMatchObject({ vcpus: 2, memoryMib: 1024, size: 5, warm: 1 });
    expect(world.mock.broker.entitlements.some((entry) => entry.poolId === 'uebungsraum-2' && entry.subject === 'everyone')).toBe(true);

    await world.page.getByRole('button', { name: 'Actions for Übungsraum 2' }).click();
    await world.page.getByRole('menuitem', { name: 'Delete' }).click();
    const dialog = world.page.getByRole('dialog');
    const confirm = dialog.getByRole('button', { name: 'Delete' });
    expect(await confirm.isDisabled()).toBe(true);
    await world.accessible();
    await dialog.getByRole('textbox').fill('uebungsraum-2');
    await confirm.click();
    await world.page.getByRole('heading', { name: 'Pools', level: 1 }).waitFor();
    expect(world.mock.broker.pools.has('uebungsraum-2')).toBe(false);
  });

  it('scrolls ten thousand machines of which few are drawn', async () => {
    await world.signIn('/admin/machines', 'admin');
    await world.page.getByText('10006 of 10006').waitFor();
    await world.accessible();
    const rows = world.page.locator('[data-row]');
    expect(await rows.count()).toBeLessThan(60);
    await world.page.locator('.oriel-virtual__scroller').evaluate((scroller) => scroller.scrollTo(0, scroller.scrollHeight));
    await world.page.getByRole('link', { name: 'big-10000' }).waitFor();
    expect(await rows.count()).toBeLessThan(60);
    await world.shot('admin-machines-10000');
  });

  it('finds machines by any word, acts on many, and hears which refused', async () => {
    await world.signIn('/admin/machines', 'admin');
    await world.page.getByText('10006 of 10006').waitFor();
    await world.page.getByLabel('Name, user, pool, error').fill('user99');
    await world.page.getByText(/^\d+ of 10006$/).waitFor();
    await expect.poll(() => world.page.getByText('39 of 10006').count(), { timeout: WAIT }).toBe(1);
    await world.page.getByLabel('Name, user, pool, error').fill('design');
    await world.page.getByText('2 of 10006').waitFor();
    await world.page.getByLabel('Select all').check();
    await world.page.getByText('2 selected').waitFor();
    await world.page.getByRole('button', { name: 'Refresh' }).click();
    await world.page.getByText('Their disks are thrown away').waitFor();
    await world.accessible();
    await world.page.getByRole('dialog').getByRole('button', { name: 'Refresh' }).click();
    await world.page.getByText('2 were refused:').waitFor();
  });

  it('sees one machine’s change by reading that machine only', async () => {
    await world.signIn('/admin/machines', 'admin');
    await world.page.getByText('10006 of 10006').waitFor();
    const asked: string[] = [];
    world.page.on('request', (request) => asked.push(new URL(request.url()).pathname));
    const machine = world.mock.broker.machines.find((candidate) => candidate.name === 'demo-1');
    Object.assign(machine!, { lifecycle: 'MAINTENANCE' });
    world.mock.broker.announce('machine', 'demo-1');
    await world.page.locator('[data-row="demo-1"]').getByText('Maintenance').waitFor();
    expect(asked.filter((path) => path.includes('/machines'))).toEqual(['/api/v1/machines/demo-1']);
  });
});
