import { asFailure, Failure } from '../api/failure';
import type { ConnectPending, ConnectReady, Desktop } from '../api/types';
import { backoff } from './backoff';
import { closeCause, type Ending } from './ending';

/** What the viewer shows. Each phase holds all that its picture needs. */
export type Phase =
  | { kind: 'requesting' }
  | { kind: 'waiting'; desktop: Desktop }
  | { kind: 'opening'; desktop: Desktop | undefined }
  | { kind: 'drawing'; desktop: Desktop | undefined }
  | { kind: 'connected' }
  | {
      kind: 'reconnecting';
      attempt: number;
      /** When the next attempt starts; undefined while one is under way. */
      retryAt: number | undefined;
      offline: boolean;
      restarting: boolean;
      desktop: Desktop | undefined;
    }
  | { kind: 'ended'; ending: Ending };

/** One RFB connection, from the socket to its close. */
export interface Display {
  close(): void;
}

export interface DisplayEvents {
  /** The handshake is done; the size is known. */
  opened: () => void;
  /** The first picture is on the screen. */
  drawn: () => void;
  /** The connection is gone; `code` is the WebSocket's close code. Called once. */
  closed: (code: number) => void;
}

export interface Broker {
  connect: (poolId: string) => Promise<ConnectReady | ConnectPending>;
  ticket(sessionId: string): Promise<ConnectReady>;
  /** Calls back when the desktop changed or may have (the event stream came back). */
  watch(poolId: string, listener: (desktop: Desktop | undefined) => void): () => void;
}

export interface Clock {
  now(): number;
  after(ms: number, run: () => void): () => void;
  random(): number;
}

export interface Network {
  online(): boolean;
  /** Calls back when the browser is on line again. */
  watch(listener: () => void): () => void;
}

export interface ConnectionParts {
  poolId: string;
  broker: Broker;
  open(ready: ConnectReady, events: DisplayEvents): Display;
  clock: Clock;
  network: Network;
}

/** Asked again after this time even if no event came: the event stream may be down. */
const RECHECK_MS = 4_000;
/** Longest time without a display before the viewer stops trying by itself. */
const GIVE_UP_MS = 10 * 60_000;
/** A display that lived this long was a good one: the next drop starts with the shortest delay again. */
const STABLE_MS = 10_000;

/**
 * Brings a desktop to the screen and keeps it there: asks the broker, waits while the machine starts or the user
 * queues, opens the display with a one-time ticket, and after a drop opens it again with a new one. It ends only when
 * the desktop does, when the broker refuses, or when the person says so. Not bound to React or RFB.
 */
export class DesktopConnection {
  #parts: ConnectionParts;
  #phase: Phase = { kind: 'requesting' };
  #listeners = new Set<() => void>();
  #display: Display | undefined;
  /** Answers of an earlier attempt are recognised by it, and dropped. */
  #epoch = 0;
  #cancelTimer: (() => void) | undefined;
  #unwatch: (() => void)[] = [];
  #sessionId: string | undefined;
  #desktop: Desktop | undefined;
  #attempt = 0;
  #lostAt: number | undefined;
  #connectedAt = 0;
  #restarting = false;
  /** displayd said that the machine stopped; the broker knows whether it comes back. */
  #machineStopped = false;
  #ticketRefusals = 0;

  constructor(parts: ConnectionParts) {
    this.#parts = parts;
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** The session whose display is or was shown. */
  get sessionId(): string | undefined {
    return this.#sessionId;
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  snapshot = (): Phase => this.#phase;

  /** Asks for the desktop: at the start, and again after an ending if the person wants to. */
  start(): void {
    this.#reset();
    this.#sessionId = undefined;
    this.#attempt = 0;
    this.#lostAt = undefined;
    this.#restarting = false;
    this.#machineStopped = false;
    this.#watch();
    this.#become({ kind: 'requesting' });
    this.#request();
  }

  /** Ends it on the person's word: "cancel" while it (re)connects, or leaving the page. */
  stop(cause: 'CANCELLED' | 'LEFT' = 'LEFT'): void {
    this.#end({ cause });
  }

  /** The person logged off: whatever the display says next, the session is over. */
  loggedOff(): void {
    this.#end({ cause: 'SESSION_ENDED' });
  }

  /** The person asked for a restart: the display will go away, and come back when the machine is up. */
  expectRestart(): void {
    this.#restarting = true;
    if (this.#phase.kind === 'ended') this.start();
    else if (this.#phase.kind === 'connected') this.#lose();
  }

  /** "Try now" while waiting for the next attempt. */
  retryNow(): void {
    if (this.#phase.kind !== 'reconnecting') return;
    this.#reset();
    this.#watch();
    this.#reconnect();
  }

  #become(phase: Phase): void {
    this.#phase = phase;
    for (const listener of [...this.#listeners]) listener();
  }

  #reset(): void {
    this.#epoch++;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    for (const unwatch of this.#unwatch) unwatch();
    this.#unwatch = [];
    const display = this.#display;
    this.#display = undefined;
    display?.close();
  }

  #end(ending: Ending): void {
    this.#reset();
    this.#become({ kind: 'ended', ending });
  }

  #watch(): void {
    const { broker, network, poolId } = this.#parts;
    this.#unwatch.push(
      broker.watch(poolId, (desktop) => this.#changed(desktop)),
      network.watch(() => this.#retryIfIdle()),
    );
  }

  #changed(desktop: Desktop | undefined): void {
    if (desktop) this.#desktop = desktop;
    const phase = this.#phase;
    if (phase.kind === 'reconnecting') {
      this.#changedWhileLost(phase, desktop);
      return;
    }
    if (phase.kind !== 'waiting') return;
    if (desktop && (desktop.state === 'QUEUED' || desktop.state === 'STARTING' || desktop.state === 'RESTARTING')) {
      this.#become({ kind: 'waiting', desktop });
    } else {
      // Ready, failed, or anything may have happened: the broker's answer to "connect" says what.
      this.#request();
    }
  }

  #changedWhileLost(phase: Phase & { kind: 'reconnecting' }, desktop: Desktop | undefined): void {
    switch (desktop?.state) {
      case 'RESTARTING':
      case 'STARTING':
        this.#restarting = true;
        this.#become({ ...phase, restarting: true, desktop });
        return;
      case 'FAILED':
      case 'UNAVAILABLE':
        this.#end({ cause: 'MACHINE_STOPPED' });
        return;
      case 'NONE':
      case 'LOGGING_OFF':
        this.#refused(new Failure({ reason: 'SESSION_ENDED' }));
        return;
      case 'READY':
      case undefined:
        // The machine is up again, or the broker is: no need to sit out the delay.
        this.#retryIfIdle();
        return;
      default:
        // CONNECTED and DISCONNECTED are the echo of our own attempts.
        return;
    }
  }

  #retryIfIdle(): void {
    if (this.#phase.kind === 'reconnecting' && this.#phase.retryAt !== undefined) this.retryNow();
  }

  #schedule(ms: number, run: () => void): void {
    this.#cancelTimer?.();
    this.#cancelTimer = this.#parts.clock.after(ms, run);
  }

  #request(): void {
    const epoch = ++this.#epoch;
    this.#parts.broker.connect(this.#parts.poolId).then(
      (answer) => epoch === this.#epoch && this.#answered(answer),
      (error: unknown) => epoch === this.#epoch && this.#refused(asFailure(error)),
    );
  }

  #answered(answer: ConnectReady | ConnectPending): void {
    if ('ticket' in answer) {
      this.#openDisplay(answer);
      return;
    }
    this.#desktop = answer.desktop;
    this.#become({ kind: 'waiting', desktop: answer.desktop });
    this.#schedule(RECHECK_MS, () => this.#request());
  }

  #refused(failure: Failure): void {
    if (failure.reason === 'SESSION_ENDED') {
      this.#end({ cause: this.#machineStopped ? 'MACHINE_STOPPED' : 'SESSION_ENDED' });
    } else if (failure.transient) {
      // The machine is booting (it was restarted, or its host came back): say so instead of blaming the network.
      if (failure.reason === 'NOT_READY') this.#restarting = true;
      this.#again();
    } else {
      this.#end({ cause: 'REFUSED', failure });
    }
  }

  #openDisplay(ready: ConnectReady): void {
    this.#sessionId = ready.sessionId;
    const epoch = ++this.#epoch;
    this.#cancelTimer?.();
    const current = (): boolean => epoch === this.#epoch;
    const first = this.#lostAt === undefined;
    if (first) this.#become({ kind: 'opening', desktop: this.#desktop });
    this.#display = this.#parts.open(ready, {
      opened: () => {
        if (current() && first) this.#become({ kind: 'drawing', desktop: this.#desktop });
      },
      drawn: () => {
        if (!current()) return;
        this.#connectedAt = this.#parts.clock.now();
        this.#lostAt = undefined;
        this.#restarting = false;
        this.#machineStopped = false;
        this.#ticketRefusals = 0;
        this.#become({ kind: 'connected' });
      },
      closed: (code) => {
        if (current()) this.#closed(code);
      },
    });
  }

  #closed(code: number): void {
    this.#display = undefined;
    const cause = closeCause(code);
    switch (cause) {
      case undefined:
        this.#lose();
        return;
      case 'TICKET_REFUSED':
        // It may have expired on a slow line: once more with a new one, then it is a refusal.
        if (++this.#ticketRefusals > 2) this.#end({ cause: 'REVOKED' });
        else this.#lose();
        return;
      case 'MACHINE_STOPPED':
        // Restarted or switched off? The broker answers the request for a ticket accordingly.
        this.#machineStopped = true;
        this.#lose();
        return;
      case 'ORIGIN_REFUSED':
        this.#end({ cause: 'REFUSED', failure: new Failure({ reason: 'CROSS_SITE_REQUEST' }) });
        return;
      default:
        this.#end({ cause });
    }
  }

  #lose(): void {
    const display = this.#display;
    this.#display = undefined;
    this.#epoch++;
    display?.close();
    const { clock } = this.#parts;
    if (this.#phase.kind === 'connected' && clock.now() - this.#connectedAt >= STABLE_MS) this.#attempt = 0;
    this.#again();
  }

  #again(): void {
    const { clock, network } = this.#parts;
    this.#lostAt ??= clock.now();
    if (clock.now() - this.#lostAt > GIVE_UP_MS) {
      this.#end({ cause: 'GAVE_UP' });
      return;
    }
    const attempt = ++this.#attempt;
    const delay = backoff(attempt - 1, () => clock.random());
    this.#become({
      kind: 'reconnecting',
      attempt,
      retryAt: clock.now() + delay,
      offline: !network.online(),
      restarting: this.#restarting,
      desktop: this.#desktop,
    });
    this.#schedule(delay, () => this.#reconnect());
  }

  #reconnect(): void {
    const phase = this.#phase;
    if (phase.kind === 'reconnecting') this.#become({ ...phase, retryAt: undefined });
    if (this.#sessionId === undefined) {
      this.#request();
      return;
    }
    // A ticket of the same session, not "connect": if the session ended meanwhile, the person is told instead of
    // being put on an empty machine.
    const epoch = ++this.#epoch;
    this.#parts.broker.ticket(this.#sessionId).then(
      (ready) => epoch === this.#epoch && this.#openDisplay(ready),
      (error: unknown) => epoch === this.#epoch && this.#refused(asFailure(error)),
    );
  }
}
