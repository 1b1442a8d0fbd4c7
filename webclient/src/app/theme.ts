import { useSyncExternalStore } from 'react';

export type Theme = 'light' | 'dark' | 'system';

// public/theme.js reads the same key before the first paint.
const KEY = 'oriel.theme';
const DARK_CLASS = 'pf-v6-theme-dark';
const listeners = new Set<() => void>();
const system = window.matchMedia('(prefers-color-scheme: dark)');

function read(): Theme {
  try {
    const stored = localStorage.getItem(KEY);
    if (stored === 'light' || stored === 'dark') return stored;
  } catch {
    // Storage may be blocked: the system's choice is followed.
  }
  return 'system';
}

let theme = read();

function apply(): void {
  const dark = theme === 'dark' || (theme === 'system' && system.matches);
  document.documentElement.classList.toggle(DARK_CLASS, dark);
}

/** Applies the theme, now and whenever the system's one changes. */
export function followTheme(): void {
  apply();
  system.addEventListener('change', apply);
}

function choose(choice: Theme): void {
  theme = choice;
  try {
    if (choice === 'system') localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, choice);
  } catch {
    // Without storage the choice lasts as long as the page.
  }
  apply();
  for (const listener of [...listeners]) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useTheme(): [Theme, (choice: Theme) => void] {
  return [useSyncExternalStore(subscribe, () => theme), choose];
}
