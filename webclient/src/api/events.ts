import type { components } from '@oriel/contract';
import type { Desktop } from './types';

export type Message = components['schemas']['Message'];
export type Shadow = components['schemas']['Shadow'];

export type StreamStatus = 'connecting' | 'live' | 'down';

export interface Change {
  kind: 'pool' | 'machine' | 'session' | 'user' | 'image' | 'operation' | 'snapshot' | 'entitlement' | 'host';
  id: string;
  /** The pool it belongs to, if it belongs to one. */
  poolId?: string;
}

/** A line of an image's build. */
export interface LogLine {
  image: string;
  version: number;
  line: string;
}

export interface StreamEvents {
  /** The stream is (again) there: what was read before may be stale. */
  hello: undefined;
  desktop: Desktop;
  changed: Change;
  /** The helpdesk writes to the person. */
  message: Message;
  log: LogLine;
  /** Somebody asks to watch the person's desktop, or what the person asked for was answered. */
  shadow: Shadow;
  'signed-out': { reason?: string };
  status: StreamStatus;
}

type Listener<K extends keyof StreamEvents> = (event: StreamEvents[K]) => void;

/** What the stream needs of `EventSource`. */
export type Source = Pick<EventSource, 'addEventListener' | 'close' | 'readyState'>;

const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 30_000;
const CLOSED = 2;

/**
 * The broker's server-sent events. `EventSource` retries a broken connection by itself but gives up on an HTTP error
 * (503 while the broker restarts, 429 for too many tabs): this one goes on, ever more slowly.
 */
export class EventStream {
  #open: () => Source;
  #source: Source | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #attempt = 0;
  #status: StreamStatus = 'connecting';
  #listeners = new Map<keyof StreamEvents, Set<(event: never) => void>>();

  constructor(open: () => Source = () => new EventSource('/api/v1/events')) {
    this.#open = open;
  }

  get status(): StreamStatus {
    return this.#status;
  }

  start(): void {
    if (this.#source || this.#retry) return;
    this.#connect();
  }

  stop(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#source?.close();
    this.#source = undefined;
    this.#attempt = 0;
    this.#status = 'connecting';
  }

  on<K extends keyof StreamEvents>(type: K, listener: Listener<K>): () => void {
    const set = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, set);
    set.add(listener);
    return () => set.delete(listener);
  }

  #emit<K extends keyof StreamEvents>(type: K, event: StreamEvents[K]): void {
    for (const listener of [...(this.#listeners.get(type) ?? [])]) (listener as Listener<K>)(event);
  }

  #become(status: StreamStatus): void {
    if (this.#status === status) return;
    this.#status = status;
    this.#emit('status', status);
  }

  #connect(): void {
    this.#retry = undefined;
    const source = this.#open();
    this.#source = source;
    source.addEventListener('hello', () => {
      this.#attempt = 0;
      this.#become('live');
      this.#emit('hello', undefined);
    });
    this.#forward(source, 'desktop');
    this.#forward(source, 'changed');
    this.#forward(source, 'message');
    this.#forward(source, 'log');
    this.#forward(source, 'shadow');
    source.addEventListener('signed-out', (event) => {
      // It will not come back before somebody signs in.
      this.stop();
      this.#emit('signed-out', (parse(event) as StreamEvents['signed-out'] | undefined) ?? {});
    });
    source.addEventListener('error', () => {
      if (this.#source !== source) return;
      this.#become('down');
      if (source.readyState !== CLOSED) return;
      this.#source = undefined;
      const wait = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#attempt++);
      this.#retry = setTimeout(() => this.#connect(), wait);
    });
  }

  #forward(source: Source, type: 'desktop' | 'changed' | 'message' | 'log' | 'shadow'): void {
    source.addEventListener(type, (event) => {
      const data = parse(event);
      if (data) this.#emit(type, data as never);
    });
  }
}

function parse(event: Event): unknown {
  try {
    return JSON.parse((event as MessageEvent<string>).data);
  } catch {
    return undefined;
  }
}
