import type { components } from '@oriel/contract';

export type Reason = components['schemas']['Reason'];
type Problem = components['schemas']['Problem'];

/**
 * Why a request did not succeed. Besides the broker's own reasons: `UNREACHABLE` (no answer at all) and `UNEXPECTED`
 * (an answer that is not the broker's, as from a proxy in between).
 */
export type FailureReason = Reason | 'UNREACHABLE' | 'UNEXPECTED';

export interface FailureFacts {
  reason: FailureReason;
  /** The server's sentence, in English; the user's own language comes from the reason. */
  detail?: string | undefined;
  status?: number | undefined;
  traceId?: string | undefined;
  field?: string | undefined;
  retryAfterSeconds?: number | undefined;
}

export class Failure extends Error {
  readonly reason: FailureReason;
  readonly detail: string | undefined;
  readonly status: number | undefined;
  readonly traceId: string | undefined;
  readonly field: string | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(facts: FailureFacts, options?: ErrorOptions) {
    super(facts.detail ?? facts.reason, options);
    this.name = 'Failure';
    this.reason = facts.reason;
    this.detail = facts.detail;
    this.status = facts.status;
    this.traceId = facts.traceId;
    this.field = facts.field;
    this.retryAfterSeconds = facts.retryAfterSeconds;
  }

  /** Whether the same request may well succeed a little later. */
  get transient(): boolean {
    switch (this.reason) {
      case 'UNREACHABLE':
      case 'NOT_READY':
      case 'DATABASE_DOWN':
      case 'SHUTTING_DOWN':
        return true;
      case 'UNEXPECTED':
        return this.status !== undefined && this.status >= 500;
      default:
        return false;
    }
  }
}

export function unreachable(cause: unknown): Failure {
  if (cause instanceof Failure) return cause;
  return new Failure({ reason: 'UNREACHABLE' }, { cause });
}

function isProblem(body: unknown): body is Problem {
  return typeof body === 'object' && body !== null && 'reason' in body && typeof body.reason === 'string';
}

export function failureFrom(response: Response, body: unknown): Failure {
  if (!isProblem(body)) return new Failure({ reason: 'UNEXPECTED', status: response.status });
  const header = Number(response.headers.get('Retry-After'));
  return new Failure({
    reason: body.reason,
    detail: body.detail,
    status: response.status,
    traceId: body.traceId,
    field: body.field,
    retryAfterSeconds: body.retryAfterSeconds ?? (header > 0 ? header : undefined),
  });
}

/** Any thrown value as a `Failure`, for error boundaries and query results. */
export function asFailure(error: unknown): Failure {
  return error instanceof Failure ? error : new Failure({ reason: 'UNEXPECTED' }, { cause: error });
}
