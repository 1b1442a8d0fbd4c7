import { describe, expect, it } from 'vitest';
import { Failure } from '../../src/api/failure';
import type { Change } from '../../src/api/events';
import { Collection } from '../../src/admin/collection';
import { ordered } from '../../src/admin/VirtualTable';

interface Row {
  name: string;
  state: string;
}

class World {
  rows = new Map<string, Row>();
  asked: string[] = [];
  change: (change: Change | undefined) => void = () => undefined;
  timers: (() => void)[] = [];
  broken = false;

  constructor(count: number) {
    for (let i = 0; i < count; i++) this.rows.set(`m${i}`, { name: `m${i}`, state: 'ON' });
  }

  collection(): Collection<Row> {
    return new Collection<Row>({
      kind: 'machine',
      keyOf: (row) => row.name,
      page: async (cursor) => {
        this.asked.push(`page ${cursor ?? ''}`.trim());
        if (this.broken) throw new Failure({ reason: 'DATABASE_DOWN' });
        const from = Number(cursor ?? 0);
        const items = [...this.rows.values()].slice(from, from + 100);
        return from + 100 < this.rows.size ? { items, nextCursor: String(from + 100) } : { items };
      },
      one: async (key) => {
        this.asked.push(key);
        const row = this.rows.get(key);
        if (!row) throw new Failure({ reason: 'NOT_FOUND' });
        return row;
      },
      watch: (listener) => {
        this.change = listener;
        return () => (this.change = () => undefined);
      },
      after: (_, run) => {
        this.timers.push(run);
        return () => (this.timers = this.timers.filter((timer) => timer !== run));
      },
    });
  }

  touch(...ids: string[]): void {
    for (const id of ids) this.change({ kind: 'machine', id });
  }

  async pass(): Promise<void> {
    for (const timer of this.timers.splice(0)) timer();
    await settled();
  }
}

async function settled(): Promise<void> {
  for (let i = 0; i < 200; i++) await Promise.resolve();
}

describe('a whole list', () => {
  it('is read page by page, and shown as it comes', async () => {
    const world = new World(250);
    const collection = world.collection();
    const sizes: number[] = [];
    collection.subscribe(() => sizes.push(collection.snapshot().rows?.length ?? -1));
    await settled();
    expect(world.asked).toEqual(['page', 'page 100', 'page 200']);
    expect(sizes).toEqual([100, 200, 250]);
    expect(collection.snapshot().complete).toBe(true);
  });

  it('reads only what changed, and forgets what is gone', async () => {
    const world = new World(250);
    const collection = world.collection();
    collection.subscribe(() => undefined);
    await settled();
    world.asked = [];
    world.rows.set('m7', { name: 'm7', state: 'OFF' });
    world.rows.set('new', { name: 'new', state: 'ON' });
    world.rows.delete('m9');
    world.touch('m7', 'm7', 'new', 'm9');
    world.change({ kind: 'pool', id: 'demo' });
    await world.pass();
    expect(world.asked.toSorted()).toEqual(['m7', 'm9', 'new']);
    const rows = collection.snapshot().rows ?? [];
    expect(rows.find((row) => row.name === 'm7')?.state).toBe('OFF');
    expect(rows.map((row) => row.name)).toContain('new');
    expect(rows.map((row) => row.name)).not.toContain('m9');
  });

  it('reads everything again when much changed, or may have', async () => {
    const world = new World(150);
    const collection = world.collection();
    collection.subscribe(() => undefined);
    await settled();
    world.asked = [];
    world.touch(...Array.from({ length: 60 }, (_, i) => `m${i}`));
    await world.pass();
    expect(world.asked).toEqual(['page', 'page 100']);
    world.asked = [];
    world.change(undefined);
    await settled();
    expect(world.asked).toEqual(['page', 'page 100']);
  });

  it('keeps what it has when the broker fails, and says so', async () => {
    const world = new World(3);
    const collection = world.collection();
    collection.subscribe(() => undefined);
    await settled();
    world.broken = true;
    collection.reload();
    await settled();
    expect(collection.snapshot().rows).toHaveLength(3);
    expect(collection.snapshot().failure?.reason).toBe('DATABASE_DOWN');
    world.broken = false;
    collection.reload();
    await settled();
    expect(collection.snapshot().failure).toBeUndefined();
  });

  it('asks for nothing once nobody looks', async () => {
    const world = new World(3);
    const off = world.collection().subscribe(() => undefined);
    await settled();
    world.asked = [];
    off();
    world.touch('m1');
    await world.pass();
    expect(world.asked).toEqual([]);
  });
});

describe('a column’s order', () => {
  const rows = ['m10', 'm9', 'm1'].map((name) => ({ name }));
  const columns = [{ id: 'name', sort: (row: { name: string }) => row.name }];

  it('counts numbers as people do', () => {
    expect(ordered(rows, columns, { column: 'name', descending: false }).map((row) => row.name)).toEqual(['m1', 'm9', 'm10']);
    expect(ordered(rows, columns, { column: 'name', descending: true }).map((row) => row.name)).toEqual(['m10', 'm9', 'm1']);
  });

  it('is the server’s when none is chosen', () => {
    expect(ordered(rows, columns, undefined)).toBe(rows);
  });
});
