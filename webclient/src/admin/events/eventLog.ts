import type { Change } from '../../api/events';

/** Changes of one object that came one after the other: a machine that boots is one line, not six. */
export interface LoggedChange extends Change {
  key: number;
  at: number;
  times: number;
}

const MOST = 1_000;
/** Changes of the same object within so long are one. */
const TOGETHER_MS = 10_000;

/** What changed since somebody began to listen, the newest first. Not bound to React. */
export class EventLog {
  #entries: readonly LoggedChange[] = [];
  #listeners = new Set<() => void>();
  #next = 1;
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  snapshot = (): readonly LoggedChange[] => this.#entries;

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  add = (change: Change): void => {
    const at = this.#now();
    const same = this.#entries.find((entry) => entry.kind === change.kind && entry.id === change.id);
    const joined = same && at - same.at <= TOGETHER_MS ? same : undefined;
    const entry = { ...change, key: joined?.key ?? this.#next++, at, times: (joined?.times ?? 0) + 1 };
    this.#entries = [entry, ...this.#entries.filter((other) => other !== joined)].slice(0, MOST);
    for (const listener of [...this.#listeners]) listener();
  };
}
