import type { components } from '@oriel/contract';

type Logon = components['schemas']['Logon'];

export const STEPS = ['authenticate', 'claim', 'clone', 'boot', 'firstFrame'] as const;
export type LogonStep = (typeof STEPS)[number];

export interface LogonPart {
  step: LogonStep;
  ms: number;
  /** Where it begins, and how long it is, of the whole: 0 to 1. */
  from: number;
  share: number;
}

/** The steps of a logon one after the other; steps that took nothing or have not ended are left out. */
export function logonParts(logon: Logon): { parts: LogonPart[]; totalMs: number } {
  const timed = STEPS.map((step) => ({ step, ms: logon[`${step}Ms`] ?? 0 })).filter(({ ms }) => ms > 0);
  const totalMs = timed.reduce((sum, { ms }) => sum + ms, 0);
  let before = 0;
  const parts = timed.map(({ step, ms }) => {
    const part = { step, ms, from: before / totalMs, share: ms / totalMs };
    before += ms;
    return part;
  });
  return { parts, totalMs };
}
