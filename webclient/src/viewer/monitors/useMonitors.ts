import { useCallback, useEffect, useRef, useState, type RefObject } from 'react';
import { useToasts } from '../../app/toasts';
import { useLanguage } from '../../i18n/language';
import type { MonitorPlace, Screen } from '../display';
import { nextSpot, openMonitorWindow, type MonitorWindow } from './monitorWindow';

/** The desktop's first monitor included; as displayd has it. */
export const MOST_MONITORS = 4;

/** So long a desktop may take to divide its screen. */
const PATIENCE_MS = 30_000;
/** Some browsers say nothing when a window is closed. */
const LOOK_MS = 1_000;

/** Numbers are never used again: what is late belongs to a monitor that is gone. */
let lastId = 1;

export interface Monitors {
  windows: readonly MonitorWindow[];
  /** Opens another one: on a click, or the browser won't. */
  add: () => void;
  close: (id: number) => void;
  /** One more would be too many. */
  full: boolean;
}

/**
 * The desktop's other monitors, each in a window of its own. They stay through a broken connection, and go when the desktop
 * does.
 *
 * @param placesRef kept up to date, for whoever opens the next connection
 * @param over there will be no desktop any more
 */
export function useMonitors(
  name: string,
  screen: Screen | undefined,
  placesRef: RefObject<readonly MonitorPlace[]>,
  over: boolean,
): Monitors {
  const { t } = useLanguage();
  const toasts = useToasts();
  const [windows, setWindows] = useState<readonly MonitorWindow[]>([]);
  const all = useRef<readonly MonitorWindow[]>([]);
  /** Monitors that the desktop was asked for and doesn't have yet. */
  const awaited = useRef(new Map<number, ReturnType<typeof setTimeout>>());

  const change = useCallback(
    (next: readonly MonitorWindow[]): void => {
      all.current = next;
      placesRef.current = next;
      setWindows(next);
    },
    [placesRef],
  );

  const close = useCallback(
    (id: number): void => {
      clearTimeout(awaited.current.get(id));
      awaited.current.delete(id);
      const closed = all.current.find((monitor) => monitor.id === id);
      if (closed === undefined) return;
      change(all.current.filter((monitor) => monitor !== closed));
      closed.view.close();
    },
    [change],
  );

  const fail = useCallback(
    (why: 'blocked' | 'tooLarge' | 'cannot'): void => toasts.warning(t(`monitors.${why}`), t(`monitors.${why}.help`)),
    [toasts, t],
  );

  const add = useCallback((): void => {
    if (all.current.length + 1 >= MOST_MONITORS) return;
    void nextSpot(all.current.map(({ view }) => view)).then((spot) => {
      const id = ++lastId;
      const monitor = openMonitorWindow(id, t('monitors.title', { name, number: all.current.length + 2 }), spot);
      if (monitor === undefined) {
        fail('blocked');
        return;
      }
      monitor.view.addEventListener('pagehide', () => close(id));
      awaited.current.set(
        id,
        setTimeout(() => {
          close(id);
          fail('cannot');
        }, PATIENCE_MS),
      );
      change([...all.current, monitor]);
    });
  }, [name, t, fail, close, change]);

  useEffect(() => screen?.setMonitors(windows), [screen, windows]);

  useEffect(() => {
    screen?.watchMonitors((event) => {
      if (event.kind === 'shown') {
        for (const id of event.ids) {
          clearTimeout(awaited.current.get(id));
          awaited.current.delete(id);
        }
      } else {
        // Of windows that were there before, the desktop just keeps the size it has.
        const newest = [...awaited.current.keys()].at(-1);
        if (newest !== undefined) close(newest);
        if (newest !== undefined || all.current.length > 0) fail(event.why === 'TOO_LARGE' ? 'tooLarge' : 'cannot');
      }
    });
  }, [screen, close, fail]);

  useEffect(() => {
    const closeAll = (): void => {
      for (const { id } of [...all.current]) close(id);
    };
    if (over) closeAll();
    window.addEventListener('pagehide', closeAll);
    return () => window.removeEventListener('pagehide', closeAll);
  }, [over, close]);

  // Leaving the page within the portal takes them along.
  useEffect(
    () => () => {
      for (const { id } of [...all.current]) close(id);
    },
    [close],
  );

  useEffect(() => {
    if (windows.length === 0) return undefined;
    const timer = setInterval(() => {
      for (const { id, view } of all.current) if (view.closed) close(id);
    }, LOOK_MS);
    return () => clearInterval(timer);
  }, [windows, close]);

  return { windows, add, close, full: windows.length + 1 >= MOST_MONITORS };
}
