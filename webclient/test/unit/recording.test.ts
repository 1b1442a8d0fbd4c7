import { describe, expect, it } from 'vitest';
import { Player, type Progress } from '../../src/viewer/recording/player';
import { fileSource, NotARecording, Recording } from '../../src/viewer/recording/recording';
import { recordingFile, u32, u64 } from '../recordingFile';

const encode = (text: string): number[] => [...new TextEncoder().encode(text)];

/** Three segments, with two, one and no records of data. */
const bytes = (finished = true): number[] =>
  recordingFile(
    1_700_000_000_000,
    [
      ['K', 0, [1, 2]],
      ['D', 100, [3]],
      ['D', 900, [4]],
      ['K', 5000, [5]],
      ['D', 5500, [6, 7]],
      ['K', 9000, [8]],
    ],
    finished,
  );

const open = (of: number[]) => Recording.open(fileSource(new Blob([new Uint8Array(of)])));

describe('a recording', () => {
  it('knows its start, its length and where playing may start', async () => {
    const recording = await open(bytes());
    expect(recording.start.getTime()).toBe(1_700_000_000_000);
    expect(recording.duration).toBe(9000);
    expect(recording.segments.map(({ at }) => at)).toEqual([0, 5000, 9000]);
    expect([0, 4999, 5000, 8000, 9000, 99_999].map((at) => recording.segmentAt(at))).toEqual([0, 0, 1, 1, 2, 2]);
  });

  it('gives a segment’s bytes with their times', async () => {
    const recording = await open(bytes());
    expect((await recording.chunks(0)).map(({ at, bytes: b }) => [at, ...b])).toEqual([
      [0, 1, 2],
      [100, 3],
      [900, 4],
    ]);
    expect((await recording.chunks(2)).map(({ at, bytes: b }) => [at, ...b])).toEqual([[9000, 8]]);
  });

  it('is read without its index, as far as it goes', async () => {
    const whole = bytes(false);
    for (const missing of [0, 1, 5, 12]) {
      const recording = await open(whole.slice(0, whole.length - missing));
      expect(recording.segments.map(({ at }) => at)).toEqual(missing === 0 ? [0, 5000, 9000] : [0, 5000]);
      expect((await recording.chunks(1)).map(({ at }) => at)[0]).toBe(5000);
    }
  });

  it('does not believe an index that can’t be', async () => {
    const file = bytes();
    const entry = file.length - 16 - 12;
    file.splice(entry, 12, ...u32(1), ...u64(2 ** 40));
    const recording = await open(file);
    expect(recording.segments.map(({ at }) => at)).toEqual([0, 5000, 9000]);
  });

  it('is nothing else', async () => {
    for (const not of [[], encode('hello'), encode('OrielRec'.padEnd(100)), [...bytes().slice(0, 24), ...encode('nothing else')]]) {
      await expect(open(not)).rejects.toBeInstanceOf(NotARecording);
    }
  });
});

describe('the player', () => {
  /** Writes down what each picture was fed. */
  async function playing(run: (player: Player) => void): Promise<string[]> {
    const pictures: number[][] = [];
    let last: Progress | undefined;
    const player = new Player(
      await open(bytes()),
      () => {
        const fed: number[] = [];
        pictures.push(fed);
        return { feed: (some) => fed.push(...some), close: () => undefined };
      },
      (progress) => (last = progress),
      (error) => {
        throw error;
      },
    );
    const settled = async (): Promise<void> => {
      while (last?.loading !== false) await new Promise((resolve) => setTimeout(resolve, 1));
    };
    await settled();
    run(player);
    await new Promise((resolve) => setTimeout(resolve, 1));
    await settled();
    player.close();
    return pictures.map((fed) => fed.join(' '));
  }

  it('shows a moment from the segment before it', async () => {
    expect(await playing((player) => player.seek(5600))).toEqual(['1 2', '5 6 7']);
    expect(await playing((player) => player.seek(5400))).toEqual(['1 2', '5']);
  });

  it('goes on within a segment, and starts it over to go back', async () => {
    expect(await playing((player) => player.seek(150))).toEqual(['1 2 3']);
    expect(
      await playing((player) => {
        player.seek(950);
        player.seek(150);
      }),
    ).toEqual(['1 2 3 4', '1 2 3']);
  });

  it('stays within the recording', async () => {
    expect(await playing((player) => player.seek(1e9))).toEqual(['1 2', '8']);
  });
});
