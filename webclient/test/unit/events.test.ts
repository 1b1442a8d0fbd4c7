import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EventStream, type Source } from '../../src/api/events';

class FakeSource extends EventTarget {
  readyState = 1;
  closed = false;

  close(): void {
    this.closed = true;
    this.readyState = 2;
  }

  say(type: string, data: string): void {
    this.dispatchEvent(new MessageEvent(type, { data }));
  }

  /** `given up` as after an HTTP error, else `EventSource` retries by itself. */
  fail(givenUp: boolean): void {
    this.readyState = givenUp ? 2 : 0;
    this.dispatchEvent(new Event('error'));
  }
}

let sources: FakeSource[];
let stream: EventStream;
beforeEach(() => {
  vi.useFakeTimers();
  sources = [];
  stream = new EventStream(() => {
    const source = new FakeSource();
    sources.push(source);
    return source as Source;
  });
  stream.start();
});
afterEach(() => {
  stream.stop();
  vi.useRealTimers();
});

function source(): FakeSource {
  const last = sources.at(-1);
  if (!last) throw new Error('no stream was opened');
  return last;
}

describe('the event stream', () => {
  it('hands on what the broker says', () => {
    const seen: unknown[] = [];
    stream.on('desktop', (desktop) => seen.push(desktop));
    source().say('hello', '{"now":"2026-11-22T08:00:00Z"}');
    source().say('desktop', '{"poolId":"demo"}');
    expect(seen).toEqual([{ poolId: 'demo' }]);
    expect(stream.status).toBe('live');
  });

  it('drops what is no JSON', () => {
    const seen: unknown[] = [];
    stream.on('changed', (change) => seen.push(change));
    source().say('changed', '{"kind":');
    expect(seen).toEqual([]);
  });

  it('leaves a broken connection to EventSource', () => {
    source().fail(false);
    vi.advanceTimersByTime(60_000);
    expect(sources).toHaveLength(1);
    expect(stream.status).toBe('down');
    source().say('hello', '{}');
    expect(stream.status).toBe('live');
  });

  it('goes on after an HTTP error, ever more slowly, and afresh after success', () => {
    source().fail(true);
    vi.advanceTimersByTime(1_000);
    expect(sources).toHaveLength(2);
    source().fail(true);
    vi.advanceTimersByTime(1_999);
    expect(sources).toHaveLength(2);
    vi.advanceTimersByTime(1);
    expect(sources).toHaveLength(3);
    source().say('hello', '{}');
    source().fail(true);
    vi.advanceTimersByTime(1_000);
    expect(sources).toHaveLength(4);
  });

  it('stops for good when the sign-in ended', () => {
    let ended = 0;
    stream.on('signed-out', () => ended++);
    source().say('signed-out', '{"reason":"LOGOUT"}');
    vi.advanceTimersByTime(60_000);
    expect([ended, sources.length, source().closed]).toEqual([1, 1, true]);
  });
});
