import { Buffer } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { noBrowser, World } from './world';

describe.skipIf(noBrowser)('a person with files', { timeout: 90_000 }, () => {
  const world = new World();

  it('hands them over where the pool lets them, and hears what became of each', async () => {
    await world.signIn('/', 'alice');
    await world.page.locator('[data-pool=demo]').getByRole('button', { name: 'Connect' }).click();
    await world.connected();
    expect(await world.page.getByRole('button', { name: 'Hand over files' }).count()).toBe(0);
    // Nor does the browser show the file instead of the desktop.
    const dragged = (type: string): Promise<boolean> =>
      world.page.evaluate((kind) => {
        const carried = new DataTransfer();
        carried.items.add(new File(['x'], 'no.txt'));
        const event = new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: carried });
        return document.querySelector('.oriel-viewer__screen')!.dispatchEvent(event);
      }, type);
    expect(await dragged('dragover')).toBe(false);
    await world.page.getByText('This desktop takes no files').waitFor();
    await world.shot('viewer-files-refused');
    expect(await dragged('drop')).toBe(false);
    await world.page.getByText('This desktop takes no files').waitFor({ state: 'detached' });
    expect(await world.page.getByText('no.txt').count()).toBe(0);
    world.mock.broker.change('alice', 'demo', { fileDrop: true });
    await world.page.locator('.oriel-files__choose').waitFor({ state: 'attached' });
    // It comes and goes with the toolbar.
    await world.page.keyboard.press('Control+Alt+Shift');
    await world.page.getByRole('button', { name: 'Hand over files' }).waitFor();
    await world.page.setInputFiles('input[type=file]', [
      { name: 'letter.odt', mimeType: 'application/octet-stream', buffer: Buffer.alloc(500_000, 7) },
      { name: 'full.bin', mimeType: 'application/octet-stream', buffer: Buffer.from('x') },
      { name: 'empty.txt', mimeType: 'text/plain', buffer: Buffer.alloc(0) },
    ]);
    await world.page.getByText('letter.odt is on the desktop').waitFor();
    await world.page.getByText('full.bin could not be handed over').waitFor();
    await world.page.getByText('disk is full').waitFor();
    await world.page.getByText('empty.txt is on the desktop').waitFor();
    // The toolbar's first button has the focus, and with it a tooltip.
    await world.page.getByRole('button', { name: 'Hand over files' }).focus();
    await world.page.locator('[role=tooltip]').waitFor({ state: 'detached' });
    await world.accessible();
    await world.shot('viewer-files');
    expect([...world.mock.broker.files]).toEqual([['letter.odt', 500_000], ['empty.txt', 0]]);

    // Dropped onto the picture.
    await world.page.evaluate(() => {
      const carried = new DataTransfer();
      carried.items.add(new File(['dropped'], 'dropped.txt'));
      const where = document.querySelector('.oriel-viewer__screen')!;
      for (const type of ['dragover', 'drop']) where.dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer: carried }));
    });
    await world.page.getByText('dropped.txt is on the desktop').waitFor();
  });
});
