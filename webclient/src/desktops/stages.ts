import type { Desktop, Stage } from '../api/types';

export type StepName = Stage['name'] | 'DRAW';
export type StepState = Stage['state'];

export interface Step {
  name: StepName;
  state: StepState;
}

/** What people are shown of the machine's start: the broker's real stages, READY being the browser's own "drawing". */
const ORDER: readonly Stage['name'][] = ['CLAIM', 'CLONE', 'START', 'BOOT'];

export type DrawState = 'none' | 'drawing' | 'drawn';

/**
 * The steps from claim to picture. A broker that leaves out a stage (nothing to clone, say) is right: only what it
 * names is shown, in its order.
 */
export function steps(desktop: Pick<Desktop, 'stages'> | undefined, draw: DrawState = 'none'): Step[] {
  const named = desktop?.stages.filter((stage) => stage.name !== 'READY') ?? [];
  const told: Step[] =
    named.length > 0
      ? named.map((stage) => ({ name: stage.name, state: stage.state }))
      : ORDER.map((name) => ({ name, state: 'PENDING' }));
  // Once the display opens, whatever the last event said about the machine is past.
  const machine = draw === 'none' ? told : told.map((step) => ({ ...step, state: 'DONE' as const }));
  const drawing: StepState = draw === 'none' ? 'PENDING' : draw === 'drawing' ? 'ACTIVE' : 'DONE';
  return [...machine, { name: 'DRAW', state: drawing }];
}

/** 0 to 100; an active step counts half. */
export function percent(list: readonly Step[]): number {
  if (list.length === 0) return 0;
  const done = list.reduce((sum, step) => sum + (step.state === 'DONE' ? 1 : step.state === 'ACTIVE' ? 0.5 : 0), 0);
  return Math.round((100 * done) / list.length);
}

export function current(list: readonly Step[]): Step | undefined {
  return list.find((step) => step.state === 'FAILED') ?? list.find((step) => step.state === 'ACTIVE');
}
