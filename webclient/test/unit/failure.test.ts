import { describe, expect, it } from 'vitest';
import { Failure, failureFrom, unreachable } from '../../src/api/failure';
import { explain } from '../../src/app/explain';
import { en } from '../../src/i18n/en';
import { translator } from '../../src/i18n/translate';

const english = translator('en', en);

describe('a failed request', () => {
  it('keeps the problem’s facts', () => {
    const response = new Response(null, { status: 429, headers: { 'Retry-After': '30' } });
    const failure = failureFrom(response, {
      type: 'urn:oriel:problem:locked-out', title: 'Locked out', status: 429, detail: 'd', reason: 'LOCKED_OUT', traceId: 't',
    });
    expect(failure).toMatchObject({ reason: 'LOCKED_OUT', status: 429, traceId: 't', retryAfterSeconds: 30 });
    expect(explain(failure, english).help).toBe('Sign-in is locked. Try again in 30 seconds.');
  });

  it.each([['<html>Bad gateway</html>'], [null], [{ message: 'no reason' }]])(
    'is unexpected when the answer is not the broker’s: %j',
    (body) => {
      const failure = failureFrom(new Response(null, { status: 502 }), body);
      expect(failure.reason).toBe('UNEXPECTED');
      expect(failure.transient).toBe(true);
    },
  );

  it('is unreachable when there was no answer', () => {
    expect(unreachable(new TypeError('Failed to fetch'))).toMatchObject({ reason: 'UNREACHABLE', transient: true });
  });

  it('shows the server’s sentence where it knows better', () => {
    const failure = new Failure({ reason: 'ALREADY_EXISTS', detail: 'There is already a user bob.' });
    expect(explain(failure, english)).toEqual({ title: 'It exists already', help: 'There is already a user bob.' });
  });

  it('names the trace of an internal error', () => {
    expect(explain(new Failure({ reason: 'INTERNAL', traceId: 'abc' }), english).help).toContain('abc');
  });

  it('explains a reason that only a newer broker knows', () => {
    const failure = new Failure({ reason: 'NEWER_THAN_THIS' as never, detail: 'Come back at nine.' });
    expect(explain(failure, english).help).toBe('Come back at nine.');
  });
});
