import type { Failure } from '../api/failure';

/**
 * Why displayd closed a display, by WebSocket close code (4000–4099 are final: a new ticket for the same display
 * makes no sense without the person's decision).
 */
export const CLOSE_CODES = {
  4000: 'SESSION_ENDED',
  4001: 'MACHINE_STOPPED',
  4002: 'REVOKED',
  4003: 'REPLACED',
  4401: 'TICKET_REFUSED',
} as const;

export type CloseCause = (typeof CLOSE_CODES)[keyof typeof CLOSE_CODES];

/** Why the viewer stopped trying. */
export type Ending =
  | { cause: 'SESSION_ENDED' | 'MACHINE_STOPPED' | 'REVOKED' | 'REPLACED' | 'CANCELLED' | 'GAVE_UP' | 'LEFT' }
  | { cause: 'REFUSED'; failure: Failure };

export function closeCause(code: number): CloseCause | undefined {
  return (CLOSE_CODES as Record<number, CloseCause>)[code];
}
