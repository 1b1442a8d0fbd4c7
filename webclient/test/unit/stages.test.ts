import { describe, expect, it } from 'vitest';
import type { Stage } from '../../src/api/types';
import { current, percent, steps } from '../../src/desktops/stages';

function stage(name: Stage['name'], state: Stage['state']): Stage {
  return { name, title: 'not shown', state };
}

describe('the steps to a desktop', () => {
  it('are the usual ones while nothing is known', () => {
    expect(steps(undefined).map((step) => step.name)).toEqual(['CLAIM', 'CLONE', 'START', 'BOOT', 'DRAW']);
    expect(percent(steps(undefined))).toBe(0);
  });

  it('are the broker’s own, READY being the browser’s drawing', () => {
    const list = steps({ stages: [stage('CLAIM', 'DONE'), stage('START', 'ACTIVE'), stage('READY', 'PENDING')] });
    expect(list).toEqual([
      { name: 'CLAIM', state: 'DONE' },
      { name: 'START', state: 'ACTIVE' },
      { name: 'DRAW', state: 'PENDING' },
    ]);
    expect(percent(list)).toBe(50);
    expect(current(list)?.name).toBe('START');
  });

  it('are past once the display is opened, whatever the last event said', () => {
    const list = steps({ stages: [stage('BOOT', 'ACTIVE')] }, 'drawing');
    expect(list).toEqual([
      { name: 'BOOT', state: 'DONE' },
      { name: 'DRAW', state: 'ACTIVE' },
    ]);
    expect(percent(steps({ stages: [] }, 'drawn'))).toBe(100);
  });

  it('show a failure before anything else', () => {
    expect(current(steps({ stages: [stage('CLONE', 'ACTIVE'), stage('BOOT', 'FAILED')] }))?.name).toBe('BOOT');
  });
});
