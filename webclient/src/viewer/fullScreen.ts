import { useCallback, useSyncExternalStore } from 'react';

/** The Keyboard Lock API (WICG), in Chromium only: in full screen the desktop gets Esc, Alt+Tab, Super… */
interface LockableNavigator {
  keyboard?: { lock?(codes?: string[]): Promise<void>; unlock?(): void };
}

function watch(listener: () => void): () => void {
  document.addEventListener('fullscreenchange', listener);
  return () => document.removeEventListener('fullscreenchange', listener);
}

/** [full screen now, whether the browser can, toggle] */
export function useFullScreen(): [boolean, boolean, () => Promise<void>] {
  const full = useSyncExternalStore(watch, () => document.fullscreenElement !== null);
  const toggle = useCallback(async () => {
    const { keyboard } = navigator as LockableNavigator;
    if (document.fullscreenElement) {
      keyboard?.unlock?.();
      await document.exitFullscreen();
      return;
    }
    // The whole document: dialogs and menus are outside of the viewer's element.
    await document.documentElement.requestFullscreen({ navigationUI: 'hide' });
    await keyboard?.lock?.().catch(() => undefined);
  }, []);
  return [full, document.fullscreenEnabled, toggle];
}
