import createClient from 'openapi-fetch';
import { failureFrom, unreachable } from './failure';
import type { paths } from '@oriel/contract';

/** Every unsafe request carries it, sign-in included: a page of another site cannot send it. */
export const SAME_SITE = { 'X-Oriel-Request': '1' } as const;

export const http = createClient<paths>({
  baseUrl: (globalThis.location as Location | undefined)?.origin ?? '',
  // Looked up per call, so that a test can put its server there.
  fetch: (request) => globalThis.fetch(request),
});

let used = Date.now();

/** When the broker last answered this page as somebody who is signed in: each time begins a sign-in's idle time anew. */
export function lastUse(): number {
  return used;
}

const signOutListeners = new Set<() => void>();

/** Calls `listener` whenever the broker says that nobody is signed in (any more). */
export function onSignedOut(listener: () => void): () => void {
  signOutListeners.add(listener);
  return () => signOutListeners.delete(listener);
}

export function announceSignedOut(): void {
  for (const listener of [...signOutListeners]) listener();
}

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The body of a successful answer; every other outcome is thrown as a `Failure`. A `quiet` one is not announced. */
export async function body<T>(call: Promise<Answer<T>>, quiet = false): Promise<T> {
  let answer: Answer<T>;
  try {
    answer = await call;
  } catch (cause) {
    throw unreachable(cause);
  }
  if (answer.response.ok) {
    used = Date.now();
    return answer.data as T;
  }
  const failure = failureFrom(answer.response, answer.error);
  if (failure.reason === 'NOT_SIGNED_IN' && !quiet) announceSignedOut();
  throw failure;
}
