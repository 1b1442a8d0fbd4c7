import type { Change } from '../api/events';
import { asFailure, type Failure } from '../api/failure';
import type { Page } from './api';

export interface CollectionState<T> {
  /** What is known so far; undefined until the first page is there. */
  rows: readonly T[] | undefined;
  /** Whether every page was read. */
  complete: boolean;
  failure: Failure | undefined;
}

export interface CollectionParts<T> {
  kind: Change['kind'];
  keyOf: (row: T) => string;
  page: (cursor: string | undefined) => Promise<Page<T>>;
  one: (key: string) => Promise<T>;
  /** Calls back with the changes of any kind, and with undefined when everything may have changed. */
  watch: (listener: (change: Change | undefined) => void) => () => void;
  after: (ms: number, run: () => void) => () => void;
}

/** Changes are gathered for so long, so that a pool that restarts is one update of the page. */
const GATHER_MS = 200;
/** With more changes at once it is cheaper to read the list again. */
const MOST_SINGLE_READS = 40;

/**
 * A whole list of the API, read page by page and kept up to date one object at a time: with ten thousand machines a
 * change of one must not read fifty pages again. Not bound to React.
 */
export class Collection<T> {
  #parts: CollectionParts<T>;
  #state: CollectionState<T> = { rows: undefined, complete: false, failure: undefined };
  #known = new Map<string, T>();
  #listeners = new Set<() => void>();
  #changed = new Set<string>();
  #cancelGathering: (() => void) | undefined;
  #unwatch: (() => void) | undefined;
  /** Answers of an earlier reading are recognised by it, and dropped. */
  #epoch = 0;

  constructor(parts: CollectionParts<T>) {
    this.#parts = parts;
  }

  snapshot = (): CollectionState<T> => this.#state;

  /** Reads and follows while anybody listens. */
  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) this.#start();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#stop();
    };
  };

  reload = (): void => {
    this.#cancelGathering?.();
    this.#cancelGathering = undefined;
    this.#changed.clear();
    void this.#read(++this.#epoch);
  };

  #start(): void {
    this.#unwatch = this.#parts.watch((change) => {
      if (change === undefined) this.reload();
      else if (change.kind === this.#parts.kind) this.#note(change.id);
    });
    this.reload();
  }

  #stop(): void {
    this.#epoch++;
    this.#unwatch?.();
    this.#cancelGathering?.();
    this.#cancelGathering = undefined;
  }

  #become(state: Partial<CollectionState<T>>): void {
    this.#state = { ...this.#state, ...state };
    for (const listener of [...this.#listeners]) listener();
  }

  #publish(state: Partial<CollectionState<T>>): void {
    this.#become({ rows: [...this.#known.values()], ...state });
  }

  async #read(epoch: number): Promise<void> {
    const fresh = new Map<string, T>();
    // The first reading shows each page as it comes; a later one replaces everything at its end.
    const first = this.#state.rows === undefined;
    try {
      let cursor: string | undefined;
      do {
        const page = await this.#parts.page(cursor);
        if (epoch !== this.#epoch) return;
        for (const row of page.items) fresh.set(this.#parts.keyOf(row), row);
        cursor = page.nextCursor;
        if (first && cursor !== undefined) {
          this.#known = fresh;
          this.#publish({ complete: false, failure: undefined });
        }
      } while (cursor !== undefined);
      this.#known = fresh;
      this.#publish({ complete: true, failure: undefined });
    } catch (error) {
      if (epoch === this.#epoch) this.#become({ failure: asFailure(error) });
    }
  }

  #note(key: string): void {
    this.#changed.add(key);
    this.#cancelGathering ??= this.#parts.after(GATHER_MS, () => {
      this.#cancelGathering = undefined;
      const keys = [...this.#changed];
      this.#changed.clear();
      if (keys.length > MOST_SINGLE_READS || !this.#state.complete) this.reload();
      else void this.#readSingly(keys, this.#epoch);
    });
  }

  async #readSingly(keys: readonly string[], epoch: number): Promise<void> {
    await Promise.all(
      keys.map(async (key) => {
        try {
          const row = await this.#parts.one(key);
          if (epoch === this.#epoch) this.#known.set(key, row);
        } catch (error) {
          // Gone; any other failure leaves the row as it was until the next change.
          if (epoch === this.#epoch && asFailure(error).reason === 'NOT_FOUND') this.#known.delete(key);
        }
      }),
    );
    if (epoch === this.#epoch) this.#publish({});
  }
}
