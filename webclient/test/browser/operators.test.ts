import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { noBrowser, WAIT, WINDOWS, World } from './world';

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

  it('sees what a machine uses, live', async () => {
    await world.signIn('/helpdesk/bob', 'carol');
    const figures = world.page.locator('.oriel-figures');
    await figures.getByText(/Processor, of one core: \d+ %/).waitFor();
    await figures.getByText(/person’s screen: \d+ ms/).waitFor();
    await world.accessible();
    await world.shot('helpdesk-live');
    // A machine that is off has none, and nothing that looks as if.
    Object.assign(world.mock.broker.machines.find(({ name }) => name === 'demo-2')!, { power: 'OFF' });
    world.mock.broker.announce('machine', 'demo-2');
    await figures.waitFor({ state: 'detached' });
  });

  it('watches only with consent, and the person sees it and ends it', async () => {
    const theirs = await world.somebodyElse();
    await world.signIn('/', 'bob', theirs);
    await theirs.getByRole('heading', { name: 'My desktops' }).waitFor();
    await world.signIn('/helpdesk/bob', 'carol');
    const ask = async (): Promise<void> => {
      await world.page.getByRole('button', { name: 'Watch' }).click();
      await world.page.getByLabel('Why, for them to read').fill('The <b>printer</b>');
      await world.accessible();
      await world.page.getByRole('button', { name: 'Ask them' }).click();
      await world.page.getByRole('heading', { name: 'bob is being asked' }).waitFor();
    };
    await ask();
    await theirs.getByRole('alertdialog').getByText('The <b>printer</b>').waitFor();
    await theirs.getByRole('button', { name: 'No', exact: true }).click();
    await world.page.getByRole('heading', { name: 'bob does not want it' }).waitFor();
    await world.page.getByRole('button', { name: 'Back to the person' }).click();

    await ask();
    await theirs.getByRole('button', { name: 'Let them watch' }).click();
    await theirs.getByText('Carol Chen is watching your desktop').waitFor();
    await world.page.locator('.oriel-viewer__screen canvas').waitFor();
    await world.page.getByText('you only see').waitFor();
    await world.page.locator('.oriel-link').waitFor();
    await world.accessible();
    await world.shot('helpdesk-watching');
    await theirs.getByRole('button', { name: 'End it' }).click();
    await world.page.getByRole('heading', { name: 'Watching has ended' }).waitFor();
    await theirs.getByText('is watching your desktop').waitFor({ state: 'detached' });
    expect(world.mock.broker.audit.map(({ action }) => action)).toEqual(expect.arrayContaining(['shadow.ask', 'shadow.deny', 'shadow.grant']));
  });

  it('takes silence for a no', async () => {
    await world.signIn('/helpdesk/bob', 'carol');
    await world.page.getByRole('button', { name: 'Watch' }).click();
    await world.page.getByRole('button', { name: 'Ask them' }).click();
    await world.page.getByRole('heading', { name: 'bob is being asked' }).waitFor();
    world.mock.broker.expireShadows();
    await world.page.getByRole('heading', { name: 'There was no answer' }).waitFor();
  });

  it('compares now and then before it takes a person back', async () => {
    await world.signIn('/helpdesk/bob', 'carol');
    await world.page.getByRole('button', { name: 'Snapshots' }).click();
    await world.page.getByRole('button', { name: 'Go back: Noon' }).click();
    const now = world.page.getByRole('region', { name: 'Now' });
    await now.getByRole('button', { name: 'Look at the screen' }).click();
    await now.locator('.oriel-screen[data-shown="true"]').waitFor();
    const then = world.page.getByRole('region', { name: 'Then' });
    await then.getByText('Programs go on as they were then.').waitFor();
    await then.getByRole('button', { name: 'Look at the picture' }).click();
    await then.getByRole('img', { name: 'Screen at “Noon”' }).waitFor();
    expect(world.mock.broker.audit[0]).toMatchObject({ actor: 'carol', action: 'snapshot.picture', subject: 'bob' });
    await world.accessible();
    for (const [window, size] of Object.entries(WINDOWS)) {
      await world.page.setViewportSize(size);
      await world.shot(`helpdesk-restore-${window}`);
    }
    await world.page.getByRole('dialog').getByRole('button', { name: 'Go back' }).click();
    await world.page.getByText('Before going back').first().waitFor();
    expect(world.mock.broker.audit[0]).toMatchObject({ actor: 'carol', action: 'snapshot.restore', subject: 'bob' });
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
    await world.page.getByLabel('Hosts').selectOption('Only on these hosts');
    await world.page.getByRole('checkbox', { name: 'local-second' }).check();
    await world.accessible();
    await next.click();
    await world.page.getByLabel('Longest session').check();
    await world.page.getByLabel('Files', { exact: false }).selectOption('to-guest');
    await world.accessible();
    await next.click();
    await world.page.getByLabel('No network card').check();
    await world.accessible();
    await next.click();
    await world.page.getByRole('button', { name: 'Add hours' }).click();
    await world.accessible();
    await next.click();
    await world.page.getByLabel('Everyone who has an account').check();
    await world.accessible();
    await next.click();
    await world.page.getByText('2 vCPU, 1024 MiB').waitFor();
    await world.page.getByText('Mon–Fri 08:00–18:00').waitFor();
    await world.accessible();
    await world.page.getByRole('button', { name: 'Create pool' }).click();
    await world.page.getByRole('heading', { name: 'Übungsraum 2', level: 1 }).waitFor();
    expect(world.mock.broker.pools.get('uebungsraum-2')).toMatchObject({
      vcpus: 2, memoryMib: 1024, size: 5, warm: 1,
      policy: {
        limits: { maxMinutes: 600 }, fileDrop: 'to-guest', network: { access: 'none' },
        placement: { strategy: 'breadth-first', onlyHosts: ['local', 'local-second'] }, schedule: { open: [{ from: '08:00', until: '18:00' }] },
      },
    });
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

  it('asks in the wizard for every policy that the settings have', async () => {
    const ids = async (): Promise<string[]> =>
      world.page.locator('main [id^="policy-"], main [id^="placement-"], main #pool-min').evaluateAll((fields) => fields.map((field) => field.id));
    await world.signIn('/admin/pools/new', 'admin');
    await world.page.getByLabel('Display name').fill('Everything');
    const asked = new Set<string>();
    for (let step = 0; step < 6; step++) {
      await world.page.getByRole('button', { name: 'Next', exact: true }).click();
      for (const id of await ids()) asked.add(id);
    }
    await world.page.goto(`${world.mock.url}/admin/pools/demo/settings`);
    await world.page.getByRole('button', { name: 'Save' }).waitFor();
    const settings = (await ids()).filter((id) => !id.endsWith('-help'));
    expect(settings.length).toBeGreaterThan(20);
    expect(settings.filter((id) => !asked.has(id))).toEqual([]);
  });

  it('drains a host, says what that means, and takes it back', async () => {
    await world.signIn('/admin/hosts', 'admin');
    await world.page.getByText('Last heard of').waitFor();
    await world.page.getByRole('button', { name: 'Actions for local', exact: true }).click();
    await world.page.getByRole('menuitem', { name: 'Drain' }).click();
    const dialog = world.page.getByRole('dialog');
    await dialog.getByText('3 sessions go on').waitFor();
    await dialog.getByLabel('What they are told').fill('At six we stop');
    await world.accessible();
    await dialog.getByRole('button', { name: 'Drain' }).click();
    await world.page.locator('[data-row="local"]').getByText('Draining').waitFor();
    await world.shot('admin-hosts-draining');
    await world.page.getByRole('button', { name: 'Actions for local', exact: true }).click();
    await world.page.getByRole('menuitem', { name: 'Back to service' }).click();
    await world.page.locator('[data-row="local"]').getByText('In service').waitFor();
    expect(world.mock.broker.audit.slice(0, 2).map(({ action }) => action)).toEqual(['host.resume', 'host.drain']);
  });

  it('changes one policy of a pool without touching the others', async () => {
    await world.signIn('/admin/pools/demo/settings', 'admin');
    await world.page.getByLabel('Log off when nobody looks').check();
    await world.page.getByLabel('Clipboard').selectOption('none');
    const sent = world.page.waitForRequest((request) => request.method() === 'PATCH');
    await world.page.getByRole('button', { name: 'Save' }).click();
    expect((await sent).postDataJSON()).toEqual({ policy: { limits: { disconnectedMinutes: 60 }, clipboard: 'none' } });
    await world.page.getByText('The pool’s settings are saved.').waitFor();
    await world.page.getByRole('navigation', { name: 'Parts of the pool' }).getByRole('link', { name: 'Overview' }).click();
    await world.page.getByText('1 hour').waitFor();
  });

  it('rolls a version out, sees how far it is, and calls it off', async () => {
    world.mock.broker.hold();
    await world.signIn('/admin/pools/demo/version', 'admin');
    await world.page.getByRole('button', { name: 'Roll out' }).click();
    await world.page.getByText('1 machine tries it.').waitFor();
    await world.accessible();
    world.mock.broker.advance();
    await world.page.getByText('1 of 3 machines has it').waitFor();
    await world.shot('admin-pool-rollout');
    await world.page.getByRole('button', { name: 'Call off' }).click();
    await world.page.getByRole('dialog').getByRole('button', { name: 'Call off' }).click();
    await world.page.locator('.oriel-push[data-state="CANCELLED"]').waitFor();
    expect(world.mock.broker.pools.get('demo')?.push?.state).toBe('CANCELLED');
  });

  it('gives a group a role for one pool, and takes it away', async () => {
    await world.signIn('/admin/groups/design', 'admin');
    await world.page.getByRole('button', { name: 'Give a role' }).click();
    const dialog = world.page.getByRole('dialog');
    await dialog.getByLabel('Role').selectOption('auditor');
    await dialog.getByLabel('Pool', { exact: true }).selectOption('lab');
    await world.accessible();
    await dialog.getByRole('button', { name: 'Give a role' }).click();
    await dialog.waitFor({ state: 'detached' });
    expect(world.mock.broker.grants.at(-1)).toMatchObject({ subjectKind: 'group', subject: 'design', role: 'auditor', scope: 'pool', scopeId: 'lab' });
    await world.page.getByRole('button', { name: 'Actions for Auditor' }).click();
    await world.page.getByRole('menuitem', { name: 'Take away' }).click();
    await world.page.getByRole('dialog').getByRole('button', { name: 'Take away' }).click();
    await world.page.getByRole('button', { name: 'Actions for Auditor' }).waitFor({ state: 'detached' });
    expect(world.mock.broker.grants.some((grant) => grant.role === 'auditor')).toBe(false);
  });

  it('entitles a person on their own page, where groups’ entitlements are told apart', async () => {
    await world.signIn('/admin/users/bob', 'admin');
    await world.page.getByRole('link', { name: 'the group everyone' }).first().waitFor();
    await world.page.getByLabel('Pool', { exact: true }).selectOption('design');
    await world.page.getByRole('button', { name: 'Entitle' }).click();
    await world.page.getByText('an entitlement of its own').waitFor();
    expect(world.mock.broker.entitlements.at(-1)).toMatchObject({ poolId: 'design', kind: 'user', subject: 'bob' });
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

describe.skipIf(noBrowser)('records', { timeout: 90_000 }, () => {
  const world = new World();

  it('of audit are found by filters, which the address and the export have too, and the chain is checked', async () => {
    await world.signIn('/admin/audit', 'admin');
    await world.page.getByLabel('Outcome').selectOption('REFUSED');
    await world.page.getByLabel('Who', { exact: true }).fill('bob');
    await expect.poll(() => world.page.locator('[data-row]').count(), { timeout: WAIT }).toBe(10);
    expect(new URL(world.page.url()).searchParams.toString()).toBe('outcome=REFUSED&actor=bob');
    await world.page.getByRole('button', { name: 'Export' }).click();
    await world.accessible();
    const saved = world.page.waitForEvent('download');
    await world.page.getByRole('menuitem', { name: 'JSON lines' }).click();
    const file = readFileSync(await (await saved).path(), 'utf8');
    expect(file.trim().split('\n').map((line) => (JSON.parse(line) as { outcome: string }).outcome)).toEqual(Array(10).fill('REFUSED'));
    await world.page.getByRole('button', { name: 'Check the chain' }).click();
    await world.page.getByText('is intact').waitFor();
    await world.page.getByRole('button', { name: 'Clear filters' }).click();
    await world.page.getByRole('button', { name: 'Show more' }).waitFor();
  });

  it('of what changes come live, and are joined by object', async () => {
    await world.signIn('/admin/events', 'admin');
    await world.page.getByText('Nothing has changed since you came.').waitFor();
    for (let i = 0; i < 3; i++) world.mock.broker.announce('machine', 'demo-1');
    await world.page.getByText('3 changes').waitFor();
    await world.accessible();
    await world.page.getByText('Hold the list').click();
    world.mock.broker.announce('pool', 'lab');
    await world.page.getByText('1 new event is held back.').waitFor();
    expect(await world.page.getByRole('link', { name: 'lab' }).count()).toBe(0);
    await world.page.getByText('Hold the list').click();
    await world.page.getByRole('link', { name: 'lab' }).waitFor();
  });

  it('of sessions become reports with a file, in which nothing is a formula', async () => {
    await world.signIn('/admin/reports', 'admin');
    await world.page.getByText('114 hours').waitFor();
    await world.page.getByRole('link', { name: 'Refused sign-ins' }).click();
    await world.page.getByText('=cmd()').waitFor();
    await world.accessible();
    const saved = world.page.waitForEvent('download');
    await world.page.getByRole('button', { name: 'Save as CSV' }).click();
    expect(readFileSync(await (await saved).path(), 'utf8')).toContain("\r\n'=cmd(),203.0.113.9,12,");
  });

  it('says what is wrong with a disk to import, and imports it as a draft', async () => {
    await world.signIn('/admin/images', 'admin');
    await world.page.getByRole('button', { name: 'Import disk' }).nth(1).click();
    const dialog = world.page.getByRole('dialog');
    await dialog.getByLabel('File').fill('../secret.txt');
    await dialog.getByText('A file name without a path').waitFor();
    await world.accessible();
    await dialog.getByLabel('File').fill('missing.qcow2');
    await dialog.getByRole('button', { name: 'Import disk' }).click();
    await dialog.getByText('There is no missing.qcow2').waitFor();
    await dialog.getByLabel('File').fill('windows.vhdx');
    await dialog.getByRole('button', { name: 'Import disk' }).click();
    await dialog.waitFor({ state: 'detached' });
    await world.page.locator('[data-row="debian-desktop-5"]').getByText('Building').waitFor();
  });
});
