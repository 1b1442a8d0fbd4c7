import { describe, expect, it } from 'vitest';
import { noBrowser, WINDOWS, World } from './world';

describe.skipIf(noBrowser)('an image admin', { timeout: 90_000 }, () => {
  const world = new World();

  it('edits a version in a machine, seals it, and publishes the draft', async () => {
    world.mock.broker.hold();
    await world.signIn('/admin/images', 'admin');
    await world.page.getByRole('button', { name: 'Actions for Debian 12 desktop, version 2' }).click();
    await world.page.getByRole('menuitem', { name: 'Edit in a machine' }).click();
    await world.page.getByRole('heading', { name: 'A machine on version 2 is being started' }).waitFor();
    world.mock.broker.release();
    await world.page.locator('.oriel-viewer__screen canvas').waitFor();
    await world.page.locator('.oriel-link').waitFor();
    for (const [window, size] of Object.entries(WINDOWS)) {
      await world.page.setViewportSize(size);
      expect(await world.fits()).toBe(true);
      await world.shot(`maintenance-${window}`);
    }
    await world.page.setViewportSize(WINDOWS.wide);
    await world.accessible();

    // By keyboard alone from here.
    await world.page.getByRole('button', { name: 'Seal', disabled: false }).press('Enter');
    await world.page.getByLabel('What was changed').waitFor();
    await world.accessible();
    world.mock.broker.hold();
    await world.page.keyboard.type('Office programs');
    await world.page.keyboard.press('Tab');
    await world.page.keyboard.press('Enter');
    await world.page.getByRole('heading', { name: 'The machine becomes version 5' }).waitFor();
    await world.page.getByText('copying the disk').waitFor();
    await world.accessible();
    await world.shot('maintenance-sealing');
    world.mock.broker.release();
    await world.page.locator('[data-row="debian-desktop-5"]').getByText('Draft').waitFor();
    expect(world.mock.broker.images[0]?.maintenance).toBeUndefined();
    expect(world.mock.broker.audit.map(({ action }) => action)).toEqual(expect.arrayContaining(['image.edit', 'image.seal']));
    await world.page.getByRole('button', { name: 'Actions for Debian 12 desktop, version 5' }).click();
    await world.page.getByRole('menuitem', { name: 'Publish' }).click();
    await world.page.getByRole('dialog').getByRole('button', { name: 'Publish' }).click();
    await world.page.locator('[data-row="debian-desktop-5"]').getByText('Ready').waitFor();
  });

  it('sees that an image is edited, starts its machine again, and throws it away', async () => {
    await world.signIn('/admin/images', 'admin');
    await world.page.getByRole('button', { name: 'Actions for Debian 12 desktop, version 2' }).click();
    await world.page.getByRole('menuitem', { name: 'Edit in a machine' }).click();
    await world.page.locator('.oriel-link').waitFor();
    await world.page.getByRole('button', { name: 'Golden images' }).click();
    const note = world.page.locator('.oriel-maintenance');
    await note.getByText('Version 2 is being edited in a machine').waitFor();
    world.mock.broker.shutDown('debian-desktop');
    await note.getByText('The machine on version 2 is off').waitFor();
    for (const [window, size] of Object.entries(WINDOWS)) {
      await world.page.setViewportSize(size);
      expect(await world.fits()).toBe(true);
      await world.shot(`images-edited-${window}`);
    }
    await world.accessible();
    await note.getByRole('button', { name: 'Start again' }).click();
    await note.getByRole('button', { name: 'Open' }).click();
    await world.page.locator('.oriel-link').waitFor();
    await world.page.getByRole('button', { name: 'Throw away' }).click();
    await world.page.getByText('All that was done in it is lost.').waitFor();
    await world.page.getByRole('dialog').getByRole('button', { name: 'Throw away' }).click();
    await world.page.getByRole('heading', { name: 'Golden images', level: 1 }).waitFor();
    await note.waitFor({ state: 'detached' });
  });
});
