import type { Failure } from '../api/failure';

/**
 * Why displayd closed a display, by WebSocket close code (its enum CloseReason). Only the codes that make another
 * attempt pointless, or need the person's decision, are here; every other one is a drop, after which the viewer comes
 * back by itself.
 */
export const CLOSE_CODES = {
  4000: 'SESSION_ENDED',
  4001: 'MACHINE_STOPPED',
  4002: 'REVOKED',
  4003: 'REPLACED',
  4401: 'TICKET_REFUSED',
  4403: 'ORIGIN_REFUSED',
} as const;

export type CloseCause = (typeof CLOSE_CODES)[keyof typeof CLOSE_CODES];

/** Why the viewer stopped trying. */
export type Ending =
  | { cause: 'SESSION_ENDED' | 'MACHINE_STOPPED' | 'REVOKED' | 'REPLACED' | 'CANCELLED' | 'GAVE_UP' | 'LEFT' }
  | { cause: 'REFUSED'; failure: Failure };

export function closeCause(code: number): CloseCause | undefined {
  return (CLOSE_CODES as Record<number, CloseCause>)[code];
}
