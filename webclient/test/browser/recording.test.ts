import { Buffer } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { filled, hello, recordingFile } from '../recordingFile';
import { noBrowser, WAIT, WINDOWS, World } from './world';

const WIDTH = 320;
const HEIGHT = 200;

describe.skipIf(noBrowser)('a recording in a browser', { timeout: 90_000 }, () => {
  const world = new World();

  /** The colour in the middle of the topmost picture. */
  const colour = (): Promise<string> =>
    world.page.evaluate(() => {
      const canvas = [...document.querySelectorAll<HTMLCanvasElement>('.oriel-recording__screen canvas')].at(-1);
      // Another thread draws on it: what can be seen is copied.
      const copy = document.createElement('canvas').getContext('2d');
      if (!canvas || !copy) return '';
      copy.drawImage(canvas, canvas.width / 2, canvas.height / 2, 1, 1, 0, 0, 1, 1);
      return copy.getImageData(0, 0, 1, 1).data.slice(0, 3).join(' ');
    });

  it('is played from any moment', async () => {
    const file = recordingFile(1_700_000_000_000, [
      ['K', 0, hello(WIDTH, HEIGHT)],
      ['D', 10, filled(WIDTH, HEIGHT, [200, 0, 0])],
      ['D', 1500, filled(WIDTH, HEIGHT, [0, 150, 0])],
      ['K', 59_900, hello(WIDTH, HEIGHT)],
      ['D', 60_000, filled(WIDTH, HEIGHT, [0, 0, 250])],
    ]);
    await world.signIn('/recording', 'alice');
    await world.page.setInputFiles('input[type=file]', {
      name: 'session.oriel',
      mimeType: 'application/octet-stream',
      buffer: Buffer.from(file),
    });
    await world.accessible();
    await world.page.getByRole('button', { name: 'Play' }).click();
    await expect.poll(colour, { timeout: WAIT }).toBe('0 150 0');
    await world.page.getByRole('button', { name: 'Pause' }).click();
    const moment = world.page.getByRole('slider', { name: 'Moment' });
    await moment.focus();
    await world.page.keyboard.press('End');
    await expect.poll(colour, { timeout: WAIT }).toBe('0 0 250');
    await world.page.keyboard.press('Home');
    await world.page.keyboard.press('ArrowRight');
    await expect.poll(colour, { timeout: WAIT }).toBe('200 0 0');
    await world.shot('recording');
  });

  it('that is none is refused', async () => {
    await world.signIn('/recording', 'alice');
    await world.page.setInputFiles('input[type=file]', {
      name: 'holiday.jpg',
      mimeType: 'image/jpeg',
      buffer: Buffer.from('not a recording at all'),
    });
    await world.page.getByText('This can’t be played').waitFor();
  });

  it('of a pool that demands it is told to its person, played by an auditor, and deleted by an administrator', async () => {
    world.mock.broker.pools.get('demo')!.policy = { ...world.mock.broker.pools.get('demo')!.policy, recording: 'all' };
    await world.signIn('/', 'alice');
    const card = world.page.locator('[data-pool=demo]');
    await card.getByText('What this desktop’s screen shows is recorded while you are connected.').waitFor();
    for (const [window, size] of Object.entries(WINDOWS)) {
      await world.page.setViewportSize(size);
      expect(await world.fits()).toBe(true);
      await world.shot(`portal-recorded-${window}`);
    }
    await world.accessible();
    await card.getByRole('button', { name: 'Connect' }).click();
    await world.page.getByRole('note').getByText('Recorded').waitFor();
    await world.connected();
    await world.page.getByRole('note').getByText('Recorded').waitFor();
    await world.shot('viewer-recorded');

    const id = crypto.randomUUID();
    world.mock.broker.recordings.add(
      { id, sessionId: crypto.randomUUID(), username: 'alice', poolId: 'demo', machine: 'demo-1', started: '2026-11-22T08:00:00Z', ended: '2026-11-22T08:30:00Z', endReason: 'CLOSED' },
      recordingFile(1_700_000_000_000, [
        ['K', 0, hello(WIDTH, HEIGHT)],
        ['D', 10, filled(WIDTH, HEIGHT, [0, 150, 0])],
        ['D', 90_000, filled(WIDTH, HEIGHT, [0, 0, 250])],
      ]),
    );
    await world.open({ viewport: WINDOWS.wide });
    await world.signIn('/admin/recordings?user=alice', 'admin');
    await world.page.getByRole('link', { name: /^Play the session of alice/ }).waitFor();
    for (const [window, size] of Object.entries(WINDOWS)) {
      await world.page.setViewportSize(size);
      expect(await world.fits()).toBe(true);
      await world.shot(`recordings-${window}`);
    }
    await world.page.setViewportSize(WINDOWS.wide);
    await world.accessible();
    // By keyboard alone.
    await world.page.getByRole('link', { name: /^Play the session of alice/ }).press('Enter');
    await world.page.getByRole('heading', { name: 'Recorded session of alice' }).waitFor();
    // Unlike a click, a key doesn't wait until the recording can be played.
    await world.page.getByRole('button', { name: 'Play', disabled: false }).press('Enter');
    await expect.poll(colour, { timeout: WAIT }).toBe('0 150 0');
    await world.accessible();
    await world.shot('recordings-play');
    expect(world.mock.broker.audit[0]).toMatchObject({ actor: 'admin', action: 'recording.play', subject: 'alice' });
    await world.page.goBack();
    await world.page.getByRole('button', { name: /^Actions for alice/ }).click();
    await world.page.getByRole('menuitem', { name: 'Delete' }).click();
    await world.page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await world.page.getByText('No session was recorded.').waitFor();
    expect(world.mock.broker.recordings.all).toEqual([]);
  });
});
