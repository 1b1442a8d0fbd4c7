import { beforeEach, describe, expect, it } from 'vitest';
import { Failure } from '../../src/api/failure';
import type { ConnectPending, ConnectReady, Desktop } from '../../src/api/types';
import { DesktopConnection, type DisplayEvents, type Phase } from '../../src/viewer/connection';

const SESSION = '00000000-0000-0000-0000-000000000001';

function ready(ticket: string): ConnectReady {
  return {
    state: 'READY', poolId: 'demo', sessionId: SESSION, machine: 'demo-1', ticket, ticketExpires: '2026-11-22T08:00:00Z',
    displayPath: '/display', subprotocols: ['binary', `oriel.ticket.${ticket}`], rights: ['control'],
  };
}

function desktop(state: Desktop['state'], more: Partial<Desktop> = {}): Desktop {
  return { poolId: 'demo', name: 'Demo', state, action: 'WAIT', stages: [], recorded: false, fileDrop: false, nativeViewers: false, changed: '2026-11-22T08:00:00Z', ...more };
}

function pending(state: ConnectPending['state']): ConnectPending {
  return { state, desktop: desktop(state) };
}

/** Broker, clock, network and displays under the test's hand. */
class World {
  now = 0;
  isOnline = true;
  timers: { at: number; run: () => void }[] = [];
  connects: (ConnectReady | ConnectPending | Failure)[] = [];
  tickets: (ConnectReady | Failure)[] = [];
  opened: { ready: ConnectReady; events: DisplayEvents; closed: boolean }[] = [];
  connectCalls = 0;
  ticketCalls = 0;
  phases: Phase[] = [];
  #desktopListeners = new Set<(desktop: Desktop | undefined) => void>();
  #networkListeners = new Set<() => void>();

  readonly connection = new DesktopConnection({
    poolId: 'demo',
    broker: {
      connect: () => {
        this.connectCalls++;
        return answer(this.connects.shift());
      },
      ticket: () => {
        this.ticketCalls++;
        return answer(this.tickets.shift());
      },
      watch: (_, listener) => {
        this.#desktopListeners.add(listener);
        return () => this.#desktopListeners.delete(listener);
      },
    },
    open: (of, events) => {
      const display = { ready: of, events, closed: false };
      this.opened.push(display);
      return { close: () => void (display.closed = true) };
    },
    clock: {
      now: () => this.now,
      after: (ms, run) => {
        const timer = { at: this.now + ms, run };
        this.timers.push(timer);
        return () => void (this.timers = this.timers.filter((other) => other !== timer));
      },
      random: () => 1,
    },
    network: {
      online: () => this.isOnline,
      watch: (listener) => {
        this.#networkListeners.add(listener);
        return () => this.#networkListeners.delete(listener);
      },
    },
  });

  constructor() {
    this.connection.subscribe(() => this.phases.push(this.connection.phase));
  }

  get phase(): Phase {
    return this.connection.phase;
  }

  get display() {
    const last = this.opened.at(-1);
    if (!last) throw new Error('no display was opened');
    return last;
  }

  tell(change: Desktop | undefined): void {
    for (const listener of [...this.#desktopListeners]) listener(change);
  }

  online(): void {
    this.isOnline = true;
    for (const listener of [...this.#networkListeners]) listener();
  }

  async settle(): Promise<void> {
    for (let i = 0; i < 10; i++) await Promise.resolve();
  }

  async pass(ms: number): Promise<void> {
    const until = this.now + ms;
    for (;;) {
      const next = this.timers.filter((timer) => timer.at <= until).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.timers = this.timers.filter((timer) => timer !== next);
      this.now = next.at;
      next.run();
      await this.settle();
    }
    this.now = until;
  }

  /** Up to a drawn desktop. */
  async connected(): Promise<void> {
    this.connects.push(ready('t1'));
    this.connection.start();
    await this.settle();
    this.display.events.opened();
    this.display.events.drawn();
  }
}

function answer<T>(value: T | Failure | undefined): Promise<T> {
  if (value === undefined) return new Promise(() => undefined);
  return value instanceof Failure ? Promise.reject(value) : Promise.resolve(value);
}

let world: World;
beforeEach(() => {
  world = new World();
});

describe('connecting', () => {
  it('goes from request to drawn with one ticket', async () => {
    await world.connected();
    expect(world.phases.map((phase) => phase.kind)).toEqual(['requesting', 'opening', 'drawing', 'connected']);
    expect(world.opened).toHaveLength(1);
    expect(world.connection.sessionId).toBe(SESSION);
  });

  it('shows the stages while the machine starts and connects when it is ready', async () => {
    world.connects.push(pending('STARTING'), ready('t1'));
    world.connection.start();
    await world.settle();
    expect(world.phase.kind).toBe('waiting');
    const booting = desktop('STARTING', { stages: [{ name: 'BOOT', title: 'Boot', state: 'ACTIVE' }] });
    world.tell(booting);
    expect(world.phase).toEqual({ kind: 'waiting', desktop: booting });
    expect(world.connectCalls).toBe(1);
    world.tell(desktop('READY'));
    await world.settle();
    expect(world.phase.kind).toBe('opening');
  });

  it('asks again when no event comes', async () => {
    world.connects.push(pending('QUEUED'), pending('STARTING'), ready('t1'));
    world.connection.start();
    await world.settle();
    await world.pass(9_000);
    expect(world.connectCalls).toBe(3);
    expect(world.phase.kind).toBe('opening');
  });

  it('ends with the reason when the broker refuses', async () => {
    const failure = new Failure({ reason: 'POOL_DISABLED' });
    world.connects.push(failure);
    world.connection.start();
    await world.settle();
    expect(world.phase).toEqual({ kind: 'ended', ending: { cause: 'REFUSED', failure } });
    expect(world.timers).toHaveLength(0);
  });

  it('goes on trying while the broker can not be reached', async () => {
    world.connects.push(new Failure({ reason: 'UNREACHABLE' }), ready('t1'));
    world.connection.start();
    await world.settle();
    expect(world.phase.kind).toBe('reconnecting');
    await world.pass(400);
    expect(world.opened).toHaveLength(1);
  });

  it('drops an answer that comes after the person left', async () => {
    world.connects.push(ready('t1'));
    world.connection.start();
    world.connection.stop('LEFT');
    await world.settle();
    expect(world.opened).toHaveLength(0);
    expect(world.phase).toEqual({ kind: 'ended', ending: { cause: 'LEFT' } });
  });
});

describe('a dropped connection', () => {
  it('comes back with a new ticket of the same session, not by a new connect', async () => {
    await world.connected();
    world.tickets.push(ready('t2'));
    world.display.events.closed(1006);
    expect(world.phase).toMatchObject({ kind: 'reconnecting', attempt: 1, offline: false });
    await world.pass(400);
    expect(world.display.ready.ticket).toBe('t2');
    world.display.events.opened();
    world.display.events.drawn();
    expect(world.phase.kind).toBe('connected');
    expect([world.connectCalls, world.ticketCalls]).toEqual([1, 1]);
  });

  it('tries ever more slowly', async () => {
    await world.connected();
    for (let i = 0; i < 20; i++) world.tickets.push(new Failure({ reason: 'UNREACHABLE' }));
    world.display.events.closed(1006);
    const waits: number[] = [];
    for (let i = 0; i < 7; i++) {
      const phase = world.phase;
      if (phase.kind !== 'reconnecting' || phase.retryAt === undefined) throw new Error(phase.kind);
      waits.push(phase.retryAt - world.now);
      await world.pass(phase.retryAt - world.now);
    }
    expect(waits).toEqual([400, 800, 1600, 3200, 6400, 12_800, 15_000]);
  });

  it('gives up after ten minutes, and starts afresh when asked', async () => {
    await world.connected();
    for (let i = 0; i < 100; i++) world.tickets.push(new Failure({ reason: 'UNREACHABLE' }));
    world.display.events.closed(1006);
    await world.pass(11 * 60_000);
    expect(world.phase).toEqual({ kind: 'ended', ending: { cause: 'GAVE_UP' } });
    world.connects.push(ready('t9'));
    world.connection.start();
    await world.settle();
    expect(world.phase.kind).toBe('opening');
  });

  it('does not sit out the delay when the network or the broker is back', async () => {
    await world.connected();
    world.isOnline = false;
    world.tickets.push(new Failure({ reason: 'UNREACHABLE' }), new Failure({ reason: 'UNREACHABLE' }), ready('t2'));
    world.display.events.closed(1006);
    expect(world.phase).toMatchObject({ offline: true });
    await world.pass(400);
    world.online();
    await world.settle();
    expect(world.ticketCalls).toBe(2);
    world.tell(undefined);
    await world.settle();
    expect(world.display.ready.ticket).toBe('t2');
  });

  it('is not disturbed by the echo of its own attempt', async () => {
    await world.connected();
    world.tickets.push(ready('t2'));
    world.display.events.closed(1006);
    world.tell(desktop('DISCONNECTED'));
    await world.pass(400);
    world.tell(desktop('CONNECTED'));
    await world.settle();
    expect(world.opened).toHaveLength(2);
    expect(world.display.closed).toBe(false);
  });

  it('is told when the session ended meanwhile', async () => {
    await world.connected();
    world.tickets.push(new Failure({ reason: 'SESSION_ENDED' }));
    world.display.events.closed(1006);
    await world.pass(400);
    expect(world.phase).toEqual({ kind: 'ended', ending: { cause: 'SESSION_ENDED' } });
    expect(world.connectCalls).toBe(1);
  });

  it('can be cancelled', async () => {
    await world.connected();
    world.display.events.closed(1006);
    world.connection.stop('CANCELLED');
    await world.pass(60_000);
    expect(world.phase).toEqual({ kind: 'ended', ending: { cause: 'CANCELLED' } });
    expect(world.ticketCalls).toBe(0);
  });
});

describe('what displayd says at the end', () => {
  it.each([
    [4000, 'SESSION_ENDED'],
    [4002, 'REVOKED'],
    [4003, 'REPLACED'],
  ] as const)('code %i ends it as %s', async (code, cause) => {
    await world.connected();
    world.display.events.closed(code);
    expect(world.phase).toEqual({ kind: 'ended', ending: { cause } });
    expect(world.timers).toHaveLength(0);
  });

  it('refuses for good when the page is not one of the server’s own', async () => {
    await world.connected();
    world.display.events.closed(4403);
    expect(world.phase).toMatchObject({ kind: 'ended', ending: { failure: { reason: 'CROSS_SITE_REQUEST' } } });
  });

  it('asks for a new ticket when one was refused, twice', async () => {
    world.connects.push(ready('t1'));
    world.tickets.push(ready('t2'), ready('t3'));
    world.connection.start();
    await world.settle();
    for (const wait of [400, 800]) {
      world.display.events.closed(4401);
      await world.pass(wait);
    }
    expect(world.opened.map((display) => display.ready.ticket)).toEqual(['t1', 't2', 't3']);
    world.display.events.closed(4401);
    expect(world.phase).toEqual({ kind: 'ended', ending: { cause: 'REVOKED' } });
  });

  it('comes back by itself when the machine only restarts', async () => {
    await world.connected();
    world.tickets.push(new Failure({ reason: 'NOT_READY' }), ready('t2'));
    world.display.events.closed(4001);
    world.tell(desktop('RESTARTING'));
    expect(world.phase).toMatchObject({ kind: 'reconnecting', restarting: true });
    await world.pass(400);
    world.tell(desktop('READY'));
    await world.settle();
    world.display.events.drawn();
    expect(world.phase.kind).toBe('connected');
  });

  it('says that the desktop was switched off when it does not come back', async () => {
    await world.connected();
    world.tickets.push(new Failure({ reason: 'SESSION_ENDED' }));
    world.display.events.closed(4001);
    await world.pass(400);
    expect(world.phase).toEqual({ kind: 'ended', ending: { cause: 'MACHINE_STOPPED' } });
  });

  it('says so too when the machine failed', async () => {
    await world.connected();
    world.display.events.closed(4001);
    world.tell(desktop('FAILED', { problem: { reason: 'INTERNAL', detail: '' } }));
    expect(world.phase).toEqual({ kind: 'ended', ending: { cause: 'MACHINE_STOPPED' } });
  });
});

describe('the person’s own restart and log-off', () => {
  it('closes the display at once and waits for the machine', async () => {
    await world.connected();
    const before = world.display;
    world.connection.expectRestart();
    expect(before.closed).toBe(true);
    expect(world.phase).toMatchObject({ kind: 'reconnecting', restarting: true });
    before.events.closed(4001);
    expect(world.phase).toMatchObject({ kind: 'reconnecting', restarting: true });
  });

  it('is over after a log-off, whatever the display still says', async () => {
    await world.connected();
    world.connection.loggedOff();
    world.display.events.closed(1006);
    await world.pass(60_000);
    expect(world.phase).toEqual({ kind: 'ended', ending: { cause: 'SESSION_ENDED' } });
  });
});
