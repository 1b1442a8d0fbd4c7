import type { components } from '@oriel/contract';

type Schemas = components['schemas'];

/** A request that the broker refuses; becomes a problem document. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly reason: Schemas['Reason'],
    readonly extra: Partial<Schemas['Problem']> = {},
  ) {
    super(reason);
  }
}

export function uuid(): string {
  return crypto.randomUUID();
}

export function page<T>(all: readonly T[], url: URL): { items: T[]; nextCursor?: string } {
  const from = Number(url.searchParams.get('cursor') ?? 0);
  const limit = Number(url.searchParams.get('limit') ?? 50);
  const items = all.slice(from, from + limit);
  return from + limit < all.length ? { items, nextCursor: String(from + limit) } : { items };
}

export function json(value: unknown, status = 200): Response {
  return new Response(JSON.stringify(value), { status, headers: { 'Content-Type': 'application/json' } });
}

export function empty(): Response {
  return new Response(null, { status: 204 });
}

/** What the parts of the mock need of the broker. */
export interface Surroundings {
  /** Tells whoever administers that an object changed. */
  changed(kind: string, id: string): void;
  /** Writes a line of the audit trail. */
  record(actor: string, action: string, target: string, subject?: string): void;
  /** Does something after some of a machine's stages. */
  later(stages: number, run: () => void): void;
  /** A one-time ticket that opens `what`. */
  ticket(what: string): string;
  /** Cuts the displays of `what`. */
  cut(what: string, code: number): void;
}
