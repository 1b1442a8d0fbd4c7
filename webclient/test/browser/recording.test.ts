// @vitest-environment node
import { Buffer } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { filled, hello, recordingFile } from '../recordingFile';
import { noBrowser, WAIT, World } from './world';

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
});
