import type { components } from '@oriel/contract';
import { empty, json, page, Refused, uuid, type Surroundings } from './answers';
import { Hosts } from './hosts';
import { GoldenImages } from './images';
import { Recordings } from './recordings';
import { report } from './reports';
import { desktopPicture } from './picture';
import { RIGHTS } from './rights';

// A broker without machines behind it, for development and tests. It follows ../broker/…/openapi.yaml and keeps
// everything in memory; time is the injected `later`.

type Schemas = components['schemas'];
type Desktop = Schemas['Desktop'];
type User = Schemas['User'];

export interface MockOptions {
  /** Milliseconds of one stage of a machine's start. */
  stageMs?: number;
  /** Milliseconds until a queued user moves up by one. */
  queueMs?: number;
  /** So many more machines, in a pool of their own. */
  manyMachines?: number;
}

interface SignIn {
  username: string;
  streams: Set<ReadableStreamDefaultController<Uint8Array>>;
}

const POLICY: Schemas['PoolPolicy'] = {
  assignment: 'floating', cloneType: 'linked', min: 0, logoffAction: 'refresh', limits: {}, schedule: { zone: 'UTC' },
  snapshots: { byUser: false, most: 5, days: 14 }, clipboard: 'both',
  network: { access: 'isolated', uplink: 'none', megabits: 100 },
  resources: { cpuShares: 1000, cpuReservedPercent: 0, memoryReservedMib: 0 },
  placement: { strategy: 'breadth-first', onlyHosts: [], avoidHosts: [] },
};
const STAGES = ['CLAIM', 'CLONE', 'START', 'BOOT', 'READY'] as const;
const PASSWORD = 'correct horse';
const LOCK_AFTER = 3;
const text = new TextEncoder();

export class MockBroker {
  readonly users = new Map<string, User>();
  readonly pools = new Map<string, Schemas['Pool']>();
  readonly machines: Schemas['Machine'][] = [];
  readonly sessions: Schemas['Session'][] = [];
  readonly entitlements: Schemas['Entitlement'][] = [];
  readonly snapshots: Schemas['Snapshot'][] = [];
  readonly shadows: Schemas['Shadow'][] = [];
  readonly grants: Schemas['Grant'][] = [];
  readonly operations: Schemas['Operation'][] = [];
  readonly audit: Schemas['AuditRecord'][] = [];
  /** Live one-time tickets and the session each one opens. */
  readonly tickets = new Map<string, string>();
  /** How long an unused sign-in lives. */
  signInMs = 3_600_000;
  /** Called to cut a session's displays, as displayd does. */
  cut: (sessionId: string, code: number) => void = () => undefined;

  #signIns = new Map<string, SignIn>();
  #desktops = new Map<string, Map<string, Desktop>>();
  #failures = new Map<string, number>();
  #options: Required<MockOptions>;
  #held: (() => void)[] | undefined;
  #surroundings: Surroundings = {
    changed: (kind, id) => this.#changed(kind, id),
    record: (actor, action, target, subject) => this.#record(actor, action, target, 'OK', subject),
    later: (stages, run) => this.#later(stages * this.#options.stageMs, run),
    ticket: (what) => {
      const ticket = uuid().replaceAll('-', '');
      this.tickets.set(ticket, what);
      return ticket;
    },
    cut: (what, code) => this.cut(what, code),
  };
  #golden = new GoldenImages(this.operations, this.#surroundings);
  readonly recordings = new Recordings(this.#surroundings);
  readonly hosts = new Hosts(this.#surroundings);

  constructor(options: MockOptions = {}) {
    this.#options = { stageMs: 900, queueMs: 4000, manyMachines: 0, ...options };
    this.#populate();
  }

  get images(): Schemas['Image'][] {
    return this.#golden.images;
  }

  /** The guest of an image's maintenance machine shuts down. */
  shutDown(image: string): void {
    this.#golden.shutDown(image);
  }

  // ---- world ----

  #populate(): void {
    const user = (username: string, displayName: string, role: Schemas['Role'], more: Partial<User> = {}): void => {
      this.users.set(username, {
        id: uuid(), username, displayName, role, groups: ['everyone'], enabled: true,
        created: '2026-11-01T08:00:00Z', lastLogin: '2026-11-21T07:58:12Z', etag: '1', ...more,
      });
    };
    user('admin', 'Ada Administrator', 'admin');
    user('alice', 'Alice Archer', 'end-user', { groups: ['everyone', 'design'] });
    user('bob', 'Bob Baker', 'end-user');
    user('carol', 'Carol Chen', 'helpdesk');
    user('dave', '<b>Dave</b> & Söhne', 'end-user', { enabled: false });
    user('eve', 'Eve Engel', 'end-user', { lockedUntil: '2026-11-22T20:00:00Z' });
    user('nobody', 'Norman Obody', 'end-user');

    const pool = (id: string, displayName: string, description: string, more: Partial<Schemas['Pool']> = {}): void => {
      this.pools.set(id, {
        id, displayName, description, kind: 'floating', cloneType: 'linked', image: 'debian-desktop', imageVersion: 2,
        enabled: true, state: 'ACTIVE', size: 5, warm: 1, memoryMib: 512, vcpus: 1, width: 1280, height: 720,
        counts: { machines: 3, available: 1, inUse: 1, starting: 1, dirty: 0, error: 0, queued: 0 },
        created: '2026-11-01T08:00:00Z', etag: '1', policy: POLICY, vlan: this.pools.size + 1, warmNow: 1, open: true, ...more,
      });
    };
    pool('demo', 'Debian desktop', 'Window manager, terminal, file manager, editor and a light browser.');
    pool('design', 'Design studio', 'Four processors and room for big pictures.', {
      size: 2, counts: { machines: 2, available: 0, inUse: 2, starting: 0, dirty: 0, error: 0, queued: 1 },
    });
    pool('lab', 'Practice lab', 'For courses; each time a fresh machine.', {
      enabled: false, state: 'DISABLED',
      counts: { machines: 1, available: 0, inUse: 0, starting: 0, dirty: 0, error: 1, queued: 0 },
    });
    const machine = (name: string, poolId: string, more: Partial<Schemas['Machine']>): void => {
      this.machines.push({
        name, poolId, host: 'local', lifecycle: 'AVAILABLE', power: 'ON', agent: 'READY', image: 'debian-desktop',
        imageVersion: 2, generation: 3, changed: '2026-11-22T08:00:00Z', ...more,
      });
    };
    machine('demo-1', 'demo', {});
    machine('demo-2', 'demo', { lifecycle: 'IN_SESSION', username: 'bob' });
    machine('demo-3', 'demo', { lifecycle: 'BOOTING', power: 'STARTING', agent: 'WAITING' });
    machine('design-1', 'design', { lifecycle: 'IN_SESSION', username: 'eve' });
    machine('design-2', 'design', { lifecycle: 'IN_SESSION', username: 'carol' });
    machine('lab-1', 'lab', { lifecycle: 'ERROR', power: 'OFF', agent: 'ABSENT', failure: 'the disk is full' });
    for (let i = 1; i <= this.#options.manyMachines; i++) {
      machine(`big-${i}`, 'demo', {
        lifecycle: i % 3 === 0 ? 'IN_SESSION' : i % 97 === 0 ? 'ERROR' : 'AVAILABLE',
        ...(i % 3 === 0 && { username: `user${i}` }),
        ...(i % 97 === 0 && { failure: 'the host did not answer within 30 s' }),
      });
    }
    for (const [i, state] of (['DONE', 'DONE', 'RUNNING', 'FAILED'] as const).entries()) {
      this.operations.push({
        id: uuid(), kind: state === 'RUNNING' ? 'REFRESH' : 'START', state, machine: state === 'FAILED' ? 'lab-1' : `demo-${i + 1}`,
        poolId: state === 'FAILED' ? 'lab' : 'demo', attempt: state === 'FAILED' ? 5 : 1, progress: state === 'DONE' ? 100 : 40, created: '2026-11-22T07:58:00Z',
        ...(state !== 'RUNNING' && { finished: '2026-11-22T07:58:31Z' }), ...(state === 'FAILED' && { failure: 'the disk is full' }),
      });
    }
    this.snapshots.push(
      snapshotOf('demo-2', 'BASELINE', '', '2026-11-20T08:00:00Z'),
      snapshotOf('demo-2', 'SCHEDULED', 'Noon', '2026-11-21T12:00:00Z'),
    );
    const grant = (subjectKind: 'user' | 'group', subject: string, role: Schemas['Role'], scope: Schemas['ScopeKind'], scopeId?: string): void => {
      this.grants.push({ id: uuid(), subjectKind, subject, role, scope, created: '2026-11-02T09:30:00Z', ...(scopeId && { scopeId }) });
    };
    grant('group', 'design', 'pool-admin', 'pool', 'design');
    grant('user', 'bob', 'helpdesk', 'pool', 'lab');
    grant('user', 'bob', 'image-admin', 'image', 'debian-desktop');
    for (const [poolId, subject] of [['demo', 'everyone'], ['design', 'design'], ['lab', 'everyone']] as const) {
      this.entitlements.push({ id: uuid(), poolId, kind: 'group', subject });
    }
    for (const [username, poolId, name] of [['bob', 'demo', 'demo-2'], ['eve', 'design', 'design-1']] as const) {
      this.sessions.push({
        id: uuid(), username, poolId, machine: name, state: username === 'bob' ? 'CONNECTED' : 'DISCONNECTED',
        started: '2026-11-22T08:03:00Z', connected: '2026-11-22T08:03:40Z', clientAddress: '192.0.2.17',
        logon: {
          requested: '2026-11-22T08:03:00Z', authenticateMs: 310, claimMs: username === 'bob' ? 1_200 : 38_000, cloneMs: 420,
          bootMs: username === 'bob' ? 21_700 : 0, firstFrameMs: 640,
        },
      });
    }
    for (let i = 0; i < 70; i++) this.#record('bob', i % 7 === 3 ? 'login' : 'session.assign', 'demo', i % 7 === 3 ? 'REFUSED' : 'OK');
  }

  #record(actor: string, action: string, target: string, outcome: Schemas['AuditRecord']['outcome'] = 'OK', subject?: string): void {
    const sequence = this.audit.length + 1;
    this.audit.unshift({
      sequence, time: new Date(Date.UTC(2026, 10, 22, 8, 0, sequence)).toISOString(), actor, action, target, outcome,
      ...(subject !== undefined && { subject }),
      address: '192.0.2.17', hash: sequence.toString(16).padStart(64, '0'),
    });
  }

  desktopsOf(username: string): Map<string, Desktop> {
    const known = this.#desktops.get(username);
    if (known) return known;
    const mine = new Map<string, Desktop>();
    const groups = this.users.get(username)?.groups ?? [];
    for (const pool of this.pools.values()) {
      const entitled = this.entitlements.some(
        (entry) => entry.poolId === pool.id && (entry.kind === 'user' ? entry.subject === username : groups.includes(entry.subject)),
      );
      if (!entitled || username === 'nobody') continue;
      const base = { poolId: pool.id, name: pool.displayName, stages: [], recorded: pool.policy.recording === 'all', fileDrop: pool.policy.fileDrop === 'to-guest', nativeViewers: pool.policy.nativeViewers === 'on', changed: new Date().toISOString() };
      const described = pool.description === undefined ? {} : { description: pool.description };
      if (!pool.enabled) {
        mine.set(pool.id, {
          ...base, ...described, state: 'UNAVAILABLE', action: 'NONE',
          problem: { reason: 'POOL_DISABLED', detail: 'The pool is disabled.' },
        });
      } else {
        mine.set(pool.id, { ...base, ...described, state: 'NONE', action: pool.counts.available > 0 ? 'CONNECT' : 'QUEUE' });
      }
    }
    this.#desktops.set(username, mine);
    return mine;
  }

  /** Changes a user's desktop and tells their streams. */
  change(username: string, poolId: string, change: Partial<Desktop>): Desktop {
    const mine = this.desktopsOf(username);
    const before = mine.get(poolId);
    if (!before) throw new Error(`no desktop ${poolId}`);
    const { sessionId, machine, queue, problem, estimateSeconds, ...rest } = { ...before, ...change };
    const after: Desktop = { ...rest, changed: new Date().toISOString() };
    if (sessionId !== undefined) after.sessionId = sessionId;
    if (machine !== undefined) after.machine = machine;
    if (queue !== undefined && after.state === 'QUEUED') after.queue = queue;
    if (problem !== undefined && (after.state === 'FAILED' || after.state === 'UNAVAILABLE')) after.problem = problem;
    if (estimateSeconds !== undefined && after.stages.length > 0) after.estimateSeconds = estimateSeconds;
    mine.set(poolId, after);
    this.tell(username, 'desktop', after);
    return after;
  }

  tell(username: string, event: string, data: unknown): void {
    for (const signIn of this.#signIns.values()) {
      if (signIn.username !== username) continue;
      for (const stream of signIn.streams) stream.enqueue(text.encode(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`));
    }
  }

  /** Tells whoever administers that an object changed. */
  announce(kind: string, id: string): void {
    this.#changed(kind, id);
  }

  #changed(kind: string, id: string): void {
    for (const username of this.users.keys()) {
      if (this.users.get(username)?.role !== 'end-user') this.tell(username, 'changed', { kind, id });
    }
  }

  /** Breaks every event stream, as a restart of the broker does. */
  dropStreams(): void {
    for (const signIn of this.#signIns.values()) {
      for (const stream of signIn.streams) stream.close();
      signIn.streams.clear();
    }
  }

  // ---- a machine's life ----

  #start(username: string, poolId: string, state: 'STARTING' | 'RESTARTING'): void {
    const names = state === 'STARTING' ? STAGES : (['START', 'BOOT', 'READY'] as const);
    const step = (at: number): void => {
      const desktop = this.desktopsOf(username).get(poolId);
      if (!desktop || (at > 0 && desktop.state !== state)) return;
      if (at === names.length) {
        this.change(username, poolId, { state: 'READY', action: 'CONNECT', stages: [] });
        return;
      }
      this.change(username, poolId, {
        state,
        action: 'WAIT',
        estimateSeconds: Math.max(1, Math.round(((names.length - at) * this.#options.stageMs) / 1000)),
        stages: names.map((name, i) => ({
          name, title: name, state: i < at ? 'DONE' : i === at ? 'ACTIVE' : 'PENDING',
        })),
      });
      this.#later(this.#options.stageMs, () => step(at + 1));
    };
    step(0);
  }

  #claim(username: string, poolId: string): void {
    const session: Schemas['Session'] = {
      id: uuid(), username, poolId, machine: `${poolId}-1`, state: 'PENDING', started: new Date().toISOString(),
    };
    this.sessions.unshift(session);
    this.desktopsOf(username).set(poolId, {
      ...this.desktopsOf(username).get(poolId)!, sessionId: session.id, machine: session.machine,
    });
    this.#record(username, 'session.assign', session.machine);
    this.#start(username, poolId, 'STARTING');
  }

  #queue(username: string, poolId: string, position: number): void {
    const desktop = this.desktopsOf(username).get(poolId);
    if (!desktop || (desktop.state !== 'QUEUED' && desktop.state !== 'NONE')) return;
    if (position === 0) {
      this.#claim(username, poolId);
      return;
    }
    this.change(username, poolId, {
      state: 'QUEUED',
      action: 'WAIT',
      queue: {
        position, length: Math.max(position, 3), since: new Date().toISOString(),
        estimateSeconds: Math.round((position * this.#options.queueMs) / 1000),
      },
    });
    this.#later(this.#options.queueMs, () => {
      if (this.desktopsOf(username).get(poolId)?.state === 'QUEUED') this.#queue(username, poolId, position - 1);
    });
  }

  #later(ms: number, run: () => void): void {
    if (this.#held) {
      this.#held.push(run);
      return;
    }
    const timer = setTimeout(run, ms);
    // A test's process, or the mock's, ends when it wants to.
    (timer as { unref?: () => void }).unref?.();
  }

  /** Time stands still for machines and queues until `advance` or `release`. */
  hold(): void {
    this.#held ??= [];
  }

  /** Takes one step of whatever is held. */
  advance(): void {
    const due = this.#held ?? [];
    this.#held = [];
    for (const run of due) run();
  }

  release(): void {
    const due = this.#held ?? [];
    this.#held = undefined;
    for (const run of due) run();
  }

  #ready(desktop: Desktop): Schemas['ConnectReady'] {
    const ticket = uuid().replaceAll('-', '');
    const sessionId = desktop.sessionId!;
    this.tickets.set(ticket, sessionId);
    return {
      state: 'READY', poolId: desktop.poolId, sessionId, machine: desktop.machine ?? '', ticket,
      ticketExpires: new Date(Date.now() + 60_000).toISOString(), displayPath: '/display',
      subprotocols: ['binary', `oriel.ticket.${ticket}`], rights: ['control', 'view'],
    };
  }

  /** Takes a ticket for good; the session it opens, or undefined. */
  consume(ticket: string): string | undefined {
    const sessionId = this.tickets.get(ticket);
    this.tickets.delete(ticket);
    return sessionId;
  }

  display(sessionId: string, state: 'CONNECTED' | 'DISCONNECTED'): void {
    const session = this.sessions.find((candidate) => candidate.id === sessionId);
    if (!session || session.state === 'ENDED') return;
    session.state = state;
    const desktop = this.desktopsOf(session.username).get(session.poolId);
    if (desktop && ['READY', 'CONNECTED', 'DISCONNECTED'].includes(desktop.state)) {
      this.change(session.username, session.poolId, { state, action: 'RECONNECT' });
    }
    this.#changed('session', sessionId);
  }

  #endSession(session: Schemas['Session'], by: string): void {
    session.state = 'ENDED';
    session.ended = new Date().toISOString();
    const mine = this.desktopsOf(session.username);
    const desktop = mine.get(session.poolId);
    if (desktop) {
      const { sessionId: _, machine: __, ...rest } = desktop;
      mine.set(session.poolId, rest);
      this.change(session.username, session.poolId, { state: 'NONE', action: 'CONNECT', stages: [] });
    }
    this.cut(session.id, 4000);
    this.#record(by, 'session.logoff', session.machine, 'OK', session.username);
    this.#changed('session', session.id);
  }

  // ---- HTTP ----

  /** The cookie of whoever signed in last, for tests whose environment hides `Set-Cookie`. */
  get newestCookie(): string {
    return [...this.#signIns.keys()].at(-1) ?? '';
  }

  signOutAll(): void {
    this.#signIns.clear();
  }

  async handle(request: Request, cookies = request.headers.get('Cookie') ?? ''): Promise<Response> {
    try {
      return await this.#route(request, cookies);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const problem: Schemas['Problem'] = {
        type: `urn:oriel:problem:${error.reason.toLowerCase().replaceAll('_', '-')}`, title: error.reason,
        status: error.status, detail: `Refused: ${error.reason}`, reason: error.reason, traceId: 'mock-1', ...error.extra,
      };
      return new Response(JSON.stringify(problem), {
        status: error.status, headers: { 'Content-Type': 'application/problem+json' },
      });
    }
  }

  async #route(request: Request, cookies: string): Promise<Response> {
    const url = new URL(request.url);
    const path = url.pathname.replace('/api/v1', '').split('/').slice(1).map(decodeURIComponent);
    const route = `${request.method} ${path[0] ?? ''}`;
    if (request.method !== 'GET' && !request.headers.has('X-Oriel-Request')) throw new Refused(403, 'CROSS_SITE_REQUEST');
    const body = async <T>(): Promise<T> => JSON.parse((await request.text()) || '{}') as T;

    if (url.pathname === '/health/ready') return json({ status: 'UP' });
    if (route === 'GET login') return json({ local: true });
    if (route === 'GET about') return json({ product: 'Oriel', version: '0.1.0' });
    if (route === 'POST login') return this.#login(await body());

    const cookie = /oriel_session=([^;]+)/.exec(cookies)?.[1] ?? '';
    const signIn = this.#signIns.get(cookie);
    const user = signIn && this.users.get(signIn.username);
    if (!signIn || !user) throw new Refused(401, 'NOT_SIGNED_IN');
    const need = (right: Schemas['Right']): void => {
      if (!RIGHTS[user.role].includes(right)) throw new Refused(403, 'FORBIDDEN');
    };

    switch (route) {
      case 'POST logout':
        this.#signIns.delete(cookie);
        return empty();
      case 'GET me':
        return json(meOf(user, this.signInMs));
      case 'POST me': {
        const { currentPassword, newPassword } = await body<Schemas['PasswordChange']>();
        if (currentPassword !== PASSWORD) throw new Refused(403, 'BAD_CREDENTIALS', { field: 'currentPassword' });
        if (newPassword === '1234567890') throw new Refused(400, 'WEAK_PASSWORD', { field: 'newPassword' });
        return empty();
      }
      case 'GET events':
        return this.#events(signIn);
      case 'GET desktops':
        return json({ items: [...this.desktopsOf(user.username).values()] });
      case 'POST desktops':
        return this.#connect(user.username, path[1] ?? '');
      case 'DELETE desktops': {
        const desktop = this.desktopsOf(user.username).get(path[1] ?? '');
        if (desktop?.state === 'QUEUED') this.change(user.username, desktop.poolId, { state: 'NONE', action: 'QUEUE' });
        return empty();
      }
      case 'GET sessions':
        if (path[2] === 'metrics') return this.#metrics(path[1] ?? '');
        if (path[2] === 'shadow') {
          const found = this.shadows.filter((entry) => entry.sessionId === path[1]);
          const one = found.find((entry) => entry.id === path[3]);
          if (path[3] !== undefined && !one) throw new Refused(404, 'NOT_FOUND');
          return json(one ?? { items: found.filter((entry) => entry.state === 'ASKED' || entry.state === 'GRANTED') });
        }
        need('session.read');
        return json(
          page(this.sessions.filter((session) => url.searchParams.get('active') !== 'true' || session.state !== 'ENDED'), url),
        );
      case 'POST sessions':
        if (path[2] === 'message') {
          need('session.message');
          return json({ pages: this.#message(user.username, path[1] ?? '', await body()) }, 202);
        }
        if (path[2] === 'files') return this.#file(user.username, await body());
        if (path[2] === 'shadow') return this.#shadow(user, path.slice(1), await body());
        return this.#session(user, path[1] ?? '', path[2] ?? '');
      case 'DELETE sessions':
        return json(this.#endShadow(path[3] ?? '', 'ENDED'));
      case 'GET users':
        need('user.read');
        if (path[2] === 'sign-ins') return json({ items: signInsOf() });
        if (path[1] !== undefined && path[2] === undefined) return json(this.#user(path[1]));
        if (path[2] === 'overview') return json(this.#person(this.#user(path[1])));
        if (path[2] === 'audit') {
          need('audit.subject');
          const { username } = this.#user(path[1]);
          return json(page(this.audit.filter((record) => record.actor === username || record.target === username || record.subject === username), url));
        }
        return json(
          page([...this.users.values()].filter((entry) => (entry.username + entry.displayName).toLowerCase().includes((url.searchParams.get('search') ?? '').toLowerCase())), url),
        );
      case 'POST users': {
        need('user.write');
        if (path[2] === 'password') return json({ generatedPassword: 'tavola-girino-42-pelle' });
        if (path[2] === 'unlock') {
          const locked = this.#user(path[1]);
          delete locked.lockedUntil;
          this.#changed('user', locked.id);
          return empty();
        }
        const given = await body<Schemas['UserCreate']>();
        if (this.users.has(given.username)) {
          throw new Refused(409, 'ALREADY_EXISTS', { field: 'username', detail: `There is already a user ${given.username}.` });
        }
        const created: User = {
          id: uuid(), username: given.username, displayName: given.displayName ?? given.username, role: given.role,
          groups: given.groups ?? [], enabled: true, created: new Date().toISOString(), etag: '1',
        };
        this.users.set(created.username, created);
        this.#changed('user', created.id);
        return json({ user: created, ...(given.password ? {} : { generatedPassword: 'tavola-girino-42-pelle' }) }, 201);
      }
      case 'PATCH users': {
        need('user.write');
        const target = this.#user(path[1]);
        Object.assign(target, await body(), { etag: String(Number(target.etag) + 1) });
        this.#changed('user', target.id);
        return json(target);
      }
      case 'DELETE users': {
        need('user.write');
        if (path[2] !== undefined) return empty();
        const target = this.#user(path[1]);
        this.users.delete(target.username);
        this.#changed('user', target.id);
        return empty();
      }
      case 'GET grants':
        need('role.read');
        return json(page(this.grants.filter((grant) => !url.searchParams.get('subject') || grant.subject === url.searchParams.get('subject')), url));
      case 'POST grants': {
        need('role.write');
        const { scope = 'all', ...given } = await body<Schemas['GrantCreate']>();
        if (given.subjectKind === 'user' && !this.users.has(given.subject)) {
          throw new Refused(404, 'NOT_FOUND', { field: 'subject', detail: `There is no user ${given.subject}.` });
        }
        const made: Schemas['Grant'] = { id: uuid(), created: new Date().toISOString(), scope, ...given };
        this.grants.push(made);
        return json(made, 201);
      }
      case 'DELETE grants': {
        need('role.write');
        const found = this.grants.findIndex((grant) => grant.id === path[1]);
        if (found >= 0) this.grants.splice(found, 1);
        return empty();
      }
      case 'GET pools':
        need('pool.read');
        if (path[2] === 'machines') return json(page(this.machines.filter((machine) => machine.poolId === path[1]), url));
        if (path[2] === 'entitlements') return json({ items: this.entitlements.filter((entry) => entry.poolId === path[1]) });
        if (path[2] === 'queue') return json({ items: [] });
        return path[1] ? json(this.#pool(path[1])) : json(page([...this.pools.values()], url));
      case 'POST pools': {
        need('pool.write');
        if (path[1] === undefined) return json(this.#createPool(await body()), 201);
        if (path[2] === 'push') return json(this.#push(this.#pool(path[1]), await body()), 202);
        const poolId = this.#pool(path[1]).id;
        const entitlement: Schemas['Entitlement'] = { id: uuid(), poolId, ...(await body<Schemas['EntitlementCreate']>()) };
        this.entitlements.push(entitlement);
        this.#changed('entitlement', entitlement.id);
        return json(entitlement, 201);
      }
      case 'DELETE pools': {
        need('pool.write');
        if (path[2] === 'push') {
          const pool = this.#pool(path[1]);
          if (pool.push) Object.assign(pool.push, { state: 'CANCELLED', finished: new Date().toISOString() });
          this.#changed('pool', pool.id);
          return json(pool);
        }
        if (path[2] === undefined) {
          const pool = this.#pool(path[1]);
          if (this.sessions.some((session) => session.poolId === pool.id && session.state !== 'ENDED')) throw new Refused(409, 'POOL_IN_USE');
          this.pools.delete(pool.id);
          this.#changed('pool', pool.id);
          return json({ ...pool, state: 'DELETING' }, 202);
        }
        const at = this.entitlements.findIndex((entry) => entry.id === path[3]);
        if (at >= 0) this.entitlements.splice(at, 1);
        this.#changed('entitlement', path[3] ?? '');
        return empty();
      }
      case 'PATCH pools': {
        need('pool.write');
        const pool = this.#pool(path[1]);
        if (request.headers.get('If-Match') && request.headers.get('If-Match') !== pool.etag) throw new Refused(412, 'CHANGED');
        const { policy, ...change } = await body<Schemas['PoolUpdate']>();
        Object.assign(pool, change, { policy: { ...pool.policy, ...policy } }, { etag: String(Number(pool.etag) + 1) });
        pool.state = pool.enabled ? 'ACTIVE' : 'DISABLED';
        this.#changed('pool', pool.id);
        return json(pool);
      }
      case 'GET machines': {
        if (path[2] !== 'screen' && path[4] !== 'picture') need('machine.read');
        if (path[2] === 'metrics') return this.#metrics(path[1] ?? '');
        if (path[2] === 'snapshots' && path[4] === 'picture') {
          const of = this.#machine(path[1]);
          if (of.username && of.username !== user.username) this.#record(user.username, 'snapshot.picture', of.name, 'OK', of.username);
          return new Response(desktopPicture(`${of.name} then`), { headers: { 'Content-Type': 'image/png', 'Cache-Control': 'no-store' } });
        }
        if (path[2] === 'snapshots') return json({ items: this.snapshots.filter((entry) => entry.machine === path[1]) });
        if (path[1] === undefined) return json(page(this.machines, url));
        if (path[2] === 'screen') {
          const of = this.#machine(path[1]);
          if (of.power !== 'ON') throw new Refused(409, 'NOT_READY');
          if (of.username && of.username !== user.username) this.#record(user.username, 'machine.screen', of.name, 'OK', of.username);
          return new Response(desktopPicture(of.name), { headers: { 'Content-Type': 'image/png', 'Cache-Control': 'no-store' } });
        }
        return json(this.#machine(path[1]));
      }
      case 'GET operations': {
        need('operation.read');
        const [state, of] = [url.searchParams.get('state'), url.searchParams.get('machine')];
        return json(page(this.operations.filter((entry) => (!state || entry.state === state) && (!of || entry.machine === of)), url));
      }
      case 'POST operations': {
        need('operation.manage');
        const operation = this.operations.find((entry) => entry.id === path[1]);
        if (!operation) throw new Refused(404, 'NOT_FOUND');
        operation.state = 'RUNNING';
        this.#changed('operation', operation.id);
        return json(operation, 202);
      }
      case 'GET images':
      case 'POST images':
      case 'DELETE images':
        need(request.method === 'GET' ? 'image.read' : 'image.write');
        return this.#golden.handle(user, request.method, path.slice(1), url, await body());
      case 'GET recordings':
      case 'DELETE recordings':
        need(request.method === 'GET' ? 'recording.read' : 'recording.delete');
        return this.recordings.handle(user, request.method, path.slice(1), url);
      case 'POST machines': {
        if (path[4] === 'restore') {
          need('snapshot.restore');
          const { machine: of } = this.snapshots.find((entry) => entry.id === path[3])!;
          this.#record(user.username, 'snapshot.restore', of, 'OK', this.#machine(of).username);
          this.snapshots.push(snapshotOf(of, 'UNDO', 'Before going back', new Date().toISOString()));
          this.#changed('snapshot', path[3] ?? '');
          this.#changed('machine', of);
          return json({}, 202);
        }
        need('machine.manage');
        const machine = this.#machine(path[1]);
        if (path[2] === 'refresh' && machine.username) throw new Refused(409, 'MACHINE_IN_USE');
        machine.lifecycle = path[2] === 'refresh' ? 'REFRESHING' : path[2] === 'maintenance' ? 'MAINTENANCE' : 'BOOTING';
        delete machine.failure;
        this.#changed('machine', machine.name);
        return json(machine, 202);
      }
      case 'GET audit': {
        need('audit.read');
        if (path[1] === 'verify') return json({ intact: true, records: this.audit.length });
        const found = this.#audited(url.searchParams);
        if (path[1] === 'export') {
          return new Response([...found].reverse().map((record) => `${JSON.stringify(record)}\n`).join(''), { headers: { 'Content-Type': 'application/jsonl' } });
        }
        return json(page(found, url));
      }
      case 'GET hosts':
        need('machine.read');
        return json({ items: this.hosts.all });
      case 'POST hosts':
        need('host.manage');
        return json(this.hosts.drain(path[1] ?? '', user.username, await body()), 202);
      case 'DELETE hosts':
        need('host.manage');
        return json(this.hosts.resume(path[1] ?? '', user.username));
      case 'GET reports': {
        need(path[1] === 'failed-logins' ? 'audit.read' : 'report.read');
        const items = report(path[1] ?? '', new Date());
        if (!items) throw new Refused(404, 'NOT_FOUND');
        const pool = url.searchParams.get('pool');
        return json({ items: pool ? (items as { poolId?: string }[]).filter((row) => row.poolId === pool) : items });
      }
      default:
        throw new Refused(404, 'NOT_FOUND');
    }
  }

  #audited(wanted: URLSearchParams): Schemas['AuditRecord'][] {
    const get = (key: string): string => wanted.get(key) ?? '';
    return this.audit.filter(
      (record) =>
        record.action.startsWith(get('action')) &&
        (get('actor') === '' || record.actor === get('actor')) &&
        (get('target') === '' || record.target === get('target')) &&
        (get('subject') === '' || [record.actor, record.target, record.subject].includes(get('subject'))) &&
        (get('outcome') === '' || record.outcome === get('outcome')) &&
        (get('from') === '' || record.time >= get('from')) &&
        (get('until') === '' || record.time < get('until')),
    );
  }

  #person(user: User): Schemas['Person'] {
    const sessions = this.sessions.filter((session) => session.username === user.username);
    return {
      user,
      sessions: sessions.filter((session) => session.state !== 'ENDED'),
      past: sessions.filter((session) => session.state === 'ENDED'),
      machines: this.machines.filter((machine) => machine.username === user.username),
      queues: [],
      troubles:
        user.username === 'bob'
          ? [
              { time: '2026-11-22T08:02:10Z', source: 'REFUSAL', target: 'design', text: 'No machine of the pool was free.' },
              { time: '2026-11-21T16:40:00Z', source: 'OPERATION', target: 'demo-2', text: 'START failed: the host did not answer within 30 s' },
            ]
          : [],
    };
  }

  /** Files that were handed over, by their names in the desktop. */
  readonly files = new Map<string, number>();

  #file(username: string, part: Schemas['FilePart']): Response {
    const received = part.offset + atob(part.data).length;
    if (part.name.startsWith('full')) throw new Refused(409, 'CONFLICT', { detail: 'The desktop’s disk is full.' });
    if (received < part.size) return json({ received });
    this.files.set(part.name, part.size);
    this.#record(username, 'file.drop', part.name);
    return json({ received, name: part.name, folder: 'Desktop' } satisfies Schemas['FileReceived']);
  }

  #tellShadow(shadow: Schemas['Shadow']): void {
    this.tell(shadow.username, 'shadow', shadow);
    this.tell(shadow.requester, 'shadow', shadow);
  }

  #shadow(user: User, [sessionId = '', , shadowId, act]: string[], given: Schemas['ShadowCreate'] & Partial<Schemas['ShadowAnswer']>): Response {
    const session = this.sessions.find((candidate) => candidate.id === sessionId);
    if (!session) throw new Refused(404, 'NOT_FOUND');
    if (shadowId === undefined) {
      if (!RIGHTS[user.role].includes('session.shadow')) throw new Refused(403, 'FORBIDDEN');
      if (session.state !== 'CONNECTED') throw new Refused(409, 'NOT_READY');
      const asked: Schemas['Shadow'] = {
        id: uuid(), sessionId, poolId: session.poolId, machine: session.machine, username: session.username, requester: user.username,
        requesterName: user.displayName, reason: given.reason ?? '', state: 'ASKED', watching: false,
        created: new Date().toISOString(), expires: new Date(Date.now() + 60_000).toISOString(),
      };
      this.shadows.push(asked);
      this.#record(user.username, 'shadow.ask', session.machine, 'OK', session.username);
      this.#tellShadow(asked);
      return json(asked, 202);
    }
    const shadow = this.shadows.find((entry) => entry.id === shadowId);
    if (!shadow) throw new Refused(404, 'NOT_FOUND');
    if (act === 'answer') {
      if (shadow.state !== 'ASKED') throw new Refused(409, 'CONFLICT');
      shadow.state = given.allow ? 'GRANTED' : 'DENIED';
      shadow.expires = new Date(Date.now() + 30 * 60_000).toISOString();
      this.#record(user.username, given.allow ? 'shadow.grant' : 'shadow.deny', session.machine);
      this.#tellShadow(shadow);
      return json(shadow);
    }
    if (shadow.state !== 'GRANTED') throw new Refused(403, 'FORBIDDEN');
    const ticket = uuid().replaceAll('-', '');
    this.tickets.set(ticket, `watch:${shadow.id}`);
    shadow.watching = true;
    this.#tellShadow(shadow);
    return json({
      state: 'READY', poolId: session.poolId, sessionId, machine: session.machine, ticket, ticketExpires: shadow.expires,
      displayPath: '/display', subprotocols: ['binary', `oriel.ticket.${ticket}`], rights: ['view'],
    } satisfies Schemas['ConnectReady']);
  }

  #endShadow(id: string, state: 'ENDED' | 'EXPIRED'): Schemas['Shadow'] {
    const shadow = this.shadows.find((entry) => entry.id === id);
    if (!shadow) throw new Refused(404, 'NOT_FOUND');
    Object.assign(shadow, { state, watching: false, ended: new Date().toISOString() });
    this.cut(`watch:${id}`, 4002);
    this.#tellShadow(shadow);
    return shadow;
  }

  /** A question without an answer. */
  expireShadows(): void {
    for (const shadow of this.shadows) if (shadow.state === 'ASKED') this.#endShadow(shadow.id, 'EXPIRED');
  }

  #metrics(of: string): Response {
    const session = this.sessions.find((candidate) => candidate.id === of);
    const machine = this.machines.find((candidate) => candidate.name === (session?.machine ?? of));
    if (machine?.power !== 'ON') throw new Refused(409, 'NOT_READY');
    let timer: ReturnType<typeof setInterval> | undefined;
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => {
        const send = (event: string, data: unknown): void => controller.enqueue(text.encode(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`));
        const now = Date.now();
        const samples = Array.from({ length: 60 }, (_, i) => liveSample(now - (60 - i) * 2_000, session?.state === 'CONNECTED'));
        send('metrics', { machine: machine.name, intervalMs: 2_000, samples } satisfies Schemas['LiveFigures']);
        timer = setInterval(() => send('sample', liveSample(Date.now(), session?.state === 'CONNECTED')), 2_000);
        (timer as { unref?: () => void }).unref?.();
      },
      cancel: () => clearInterval(timer),
    });
    return new Response(stream, { headers: { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' } });
  }

  #message(from: string, sessionId: string, given: Schemas['MessageCreate']): number {
    const session = this.sessions.find((candidate) => candidate.id === sessionId);
    if (!session) throw new Refused(404, 'NOT_FOUND');
    this.#record(from, 'session.message', session.machine, 'OK', session.username);
    const pages = [...this.#signIns.values()].filter((signIn) => signIn.username === session.username).reduce((sum, signIn) => sum + signIn.streams.size, 0);
    const message: Schemas['Message'] = {
      sessionId, poolId: session.poolId, from, severity: given.severity ?? 'INFO', text: given.text, at: new Date().toISOString(),
    };
    this.tell(session.username, 'message', message);
    this.#changed('session', sessionId);
    return pages;
  }

  #user(id: string | undefined): User {
    const found = [...this.users.values()].find((user) => user.id === id || user.username === id);
    if (!found) throw new Refused(404, 'NOT_FOUND');
    return found;
  }

  #pool(id: string | undefined): Schemas['Pool'] {
    const found = this.pools.get(id ?? '');
    if (!found) throw new Refused(404, 'NOT_FOUND');
    return found;
  }

  #machine(name: string | undefined): Schemas['Machine'] {
    const found = this.machines.find((machine) => machine.name === name);
    if (!found) throw new Refused(404, 'NOT_FOUND');
    return found;
  }

  #push(pool: Schemas['Pool'], order: Schemas['PushOrder']): Schemas['Pool'] {
    if (pool.push?.state === 'CANARY' || pool.push?.state === 'ROLLING') throw new Refused(409, 'CONFLICT');
    const { imageVersion, canary = 1, maxUnavailable = 1 } = order;
    pool.push = {
      version: imageVersion, from: pool.imageVersion, state: canary > 0 ? 'CANARY' : 'ROLLING', canary, maxUnavailable,
      machinesDone: 0, machines: pool.counts.machines, started: new Date().toISOString(),
    };
    this.#changed('pool', pool.id);
    const step = (): void => {
      const push = pool.push;
      if (push?.version !== imageVersion || (push.state !== 'CANARY' && push.state !== 'ROLLING')) return;
      push.machinesDone++;
      push.state = push.machinesDone < push.machines ? 'ROLLING' : 'DONE';
      if (push.state === 'DONE') push.finished = new Date().toISOString();
      pool.imageVersion = imageVersion;
      this.#changed('pool', pool.id);
      this.#later(this.#options.stageMs, step);
    };
    this.#later(this.#options.stageMs, step);
    return pool;
  }

  #createPool(given: Schemas['PoolCreate']): Schemas['Pool'] {
    if (this.pools.has(given.id)) throw new Refused(409, 'ALREADY_EXISTS', { field: 'id', detail: `There is already a pool ${given.id}.` });
    const pool: Schemas['Pool'] = {
      kind: 'floating', cloneType: 'linked', imageVersion: 2, state: 'ACTIVE', displayName: given.id,
      size: 5, warm: 1, memoryMib: 512, vcpus: 1, width: 1280, height: 720, enabled: true, ...given,
      counts: { machines: given.warm ?? 1, available: 0, inUse: 0, starting: given.warm ?? 1, dirty: 0, error: 0, queued: 0 },
      created: new Date().toISOString(), etag: '1', vlan: this.pools.size + 1, warmNow: given.warm ?? 1, open: true,
      policy: { ...POLICY, ...given.policy },
    };
    this.pools.set(pool.id, pool);
    this.#changed('pool', pool.id);
    return pool;
  }

  #login({ username, password }: Schemas['LoginRequest']): Response {
    const failures = this.#failures.get(username) ?? 0;
    if (failures >= LOCK_AFTER) throw new Refused(429, 'LOCKED_OUT', { retryAfterSeconds: 90 });
    const user = this.users.get(username);
    if (!user || !user.enabled || password !== PASSWORD) {
      this.#failures.set(username, failures + 1);
      this.#record(username, 'login', username, 'REFUSED');
      throw new Refused(401, 'BAD_CREDENTIALS');
    }
    this.#failures.delete(username);
    this.#record(username, 'login', username);
    const cookie = uuid();
    this.#signIns.set(cookie, { username, streams: new Set() });
    return new Response(JSON.stringify(meOf(user, this.signInMs)), {
      headers: { 'Content-Type': 'application/json', 'Set-Cookie': `oriel_session=${cookie}; Path=/; HttpOnly; SameSite=Strict` },
    });
  }

  #events(signIn: SignIn): Response {
    let own: ReadableStreamDefaultController<Uint8Array>;
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => {
        own = controller;
        signIn.streams.add(controller);
        controller.enqueue(text.encode(`event: hello\ndata: ${JSON.stringify({ now: new Date().toISOString() })}\n\n`));
      },
      cancel: () => void signIn.streams.delete(own),
    });
    return new Response(stream, { headers: { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' } });
  }

  #connect(username: string, poolId: string): Response {
    const desktop = this.desktopsOf(username).get(poolId);
    if (!desktop) throw new Refused(404, 'NOT_FOUND');
    switch (desktop.state) {
      case 'READY':
      case 'CONNECTED':
      case 'DISCONNECTED':
        return json(this.#ready(desktop));
      case 'UNAVAILABLE':
        throw new Refused(409, desktop.problem?.reason ?? 'POOL_DISABLED');
      case 'NONE':
        if (desktop.action === 'QUEUE') this.#queue(username, poolId, 2);
        else this.#claim(username, poolId);
        break;
      default:
        break;
    }
    const now = this.desktopsOf(username).get(poolId)!;
    return json({ state: now.state as Schemas['ConnectPending']['state'], desktop: now }, 202);
  }

  #session(user: User, id: string, action: string): Response {
    const session = this.sessions.find((candidate) => candidate.id === id);
    const own = session?.username === user.username;
    if (!session || (!own && !RIGHTS[user.role].includes('session.manage'))) throw new Refused(404, 'NOT_FOUND');
    if (session.state === 'ENDED') throw new Refused(410, 'SESSION_ENDED');
    const desktop = this.desktopsOf(session.username).get(session.poolId);
    switch (action) {
      case 'ticket':
        if (!desktop || !['READY', 'CONNECTED', 'DISCONNECTED'].includes(desktop.state)) throw new Refused(409, 'NOT_READY');
        return json(this.#ready(desktop));
      case 'native-viewer':
        if (!desktop?.nativeViewers) throw new Refused(403, 'FORBIDDEN');
        if (!['READY', 'CONNECTED', 'DISCONNECTED'].includes(desktop.state)) throw new Refused(409, 'NOT_READY');
        return json(nativeViewerOf(session));
      case 'logoff':
        this.#endSession(session, user.username);
        return json(session);
      case 'restart':
        this.#start(session.username, session.poolId, 'RESTARTING');
        this.cut(session.id, 4001);
        this.#record(user.username, 'session.restart', session.machine, 'OK', session.username);
        this.#changed('session', session.id);
        return json(session, 202);
      case 'disconnect':
        this.cut(session.id, 4002);
        return json(session);
      default:
        throw new Refused(404, 'NOT_FOUND');
    }
  }
}

function nativeViewerOf(session: Schemas['Session']): Schemas['NativeViewerAccess'] {
  const [host, port] = ['desktops.example.org', 5900];
  return {
    poolId: session.poolId, sessionId: session.id, machine: session.machine, host, port, username: session.username,
    password: `${uuid()}${uuid()}`.replaceAll('-', '').slice(0, 43), passwordExpires: new Date(Date.now() + 60_000).toISOString(),
    rights: ['control'], fingerprint: Array.from({ length: 32 }, (_, i) => (i * 37 % 256).toString(16).padStart(2, '0').toUpperCase()).join(':'),
    publicKeyPin: 'pL1+qb9HTMRZJmuC/bB/ZI9d302BYrrqiVuRyW+DGrU=',
    certificate: '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n',
    connectionFile: `TigerVNC Configuration file Version 1.0\n\nServerName=${host}::${port}\nSecurityTypes=X509Plain\n`,
  };
}

function snapshotOf(machine: string, kind: Schemas['Snapshot']['kind'], label: string, created: string): Schemas['Snapshot'] {
  return {
    id: uuid(), machine, name: `s-${created}`, label, kind, state: 'READY', takenBy: 'system', memory: kind === 'SCHEDULED', bytes: 42 << 20,
    current: kind === 'SCHEDULED', picture: kind !== 'BASELINE', created,
  };
}

function liveSample(at: number, looked: boolean): Schemas['LiveSample'] {
  const wave = Math.sin(at / 17_000) + Math.sin(at / 5_000) / 3;
  return {
    at: new Date(at).toISOString(), cpuPercent: Math.max(1, 38 + 30 * wave), memoryBytes: 512 * 2 ** 20, hostMemoryBytes: 310 * 2 ** 20,
    guestUsedBytes: Math.round((220 + 18 * wave) * 2 ** 20), cpuReadyPercent: Math.max(0, 3 + 3 * wave),
    sharedMemoryBytes: 96 * 2 ** 20, balloonedBytes: 24 * 2 ** 20,
    traffic: { diskRead: Math.round(90_000 * (1.4 + wave)), diskWritten: 40_000, networkReceived: Math.round(12_000 * (1.4 + wave)), networkSent: 4_000 },
    ...(looked && { display: { roundTripMs: 21 + 4 * wave, lagMs: 12 + 9 * wave, bytesPerSecond: Math.round(42_000 * (1.4 + wave)), updatesPerSecond: 12, backlogBytes: 0 } }),
  };
}

function signInsOf(): Schemas['SignIn'][] {
  const agent = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
  return [{ id: uuid(), created: '2026-11-22T07:58:12Z', lastUsed: '2026-11-22T08:31:00Z', address: '192.0.2.17', userAgent: agent, current: false }];
}

function meOf(user: User, signInMs: number): Schemas['Me'] {
  return {
    id: user.id, username: user.username, displayName: user.displayName, role: user.role, groups: user.groups,
    rights: [...RIGHTS[user.role]], grants: [], expires: new Date(Date.now() + signInMs).toISOString(),
  };
}
