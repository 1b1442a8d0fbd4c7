import { useSyncExternalStore } from 'react';
import { QUALITY_LEVELS, type Quality } from './quality';

/** How the desktop's picture meets the window. */
export type Sizing = 'resize' | 'scale' | 'actual';

export type { Quality };

export interface ViewerSettings {
  sizing: Sizing;
  quality: Quality;
  /** Whether what the desktop plays is heard. */
  sound: boolean;
}

const KEY = 'oriel.viewer';
const DEFAULTS: ViewerSettings = { sizing: 'scale', quality: 'balanced', sound: true };

function isSizing(value: unknown): value is Sizing {
  return value === 'resize' || value === 'scale' || value === 'actual';
}

function read(): ViewerSettings {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(KEY) ?? '{}');
    if (typeof stored !== 'object' || stored === null) return DEFAULTS;
    const { sizing, quality, sound } = stored as Partial<Record<keyof ViewerSettings, unknown>>;
    return {
      sizing: isSizing(sizing) ? sizing : DEFAULTS.sizing,
      sound: typeof sound === 'boolean' ? sound : DEFAULTS.sound,
      quality: typeof quality === 'string' && quality in QUALITY_LEVELS ? (quality as Quality) : DEFAULTS.quality,
    };
  } catch {
    return DEFAULTS;
  }
}

let current: ViewerSettings | undefined;
const listeners = new Set<() => void>();

function snapshot(): ViewerSettings {
  return (current ??= read());
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The viewer's settings of this browser. */
export function useViewerSettings(): [ViewerSettings, (change: Partial<ViewerSettings>) => void] {
  return [useSyncExternalStore(subscribe, snapshot), change];
}

function change(change: Partial<ViewerSettings>): void {
  current = { ...snapshot(), ...change };
  try {
    localStorage.setItem(KEY, JSON.stringify(current));
  } catch {
    // Without storage the choice lasts as long as the page.
  }
  for (const listener of [...listeners]) listener();
}
