import { useEffect, useLayoutEffect, useMemo, useRef, useState, useSyncExternalStore, type RefObject } from 'react';
import type { EventStream } from '../api/events';
import * as portal from '../api/portal';
import { useEvents } from '../app/live';
import { DesktopConnection, type Broker, type Clock, type Network, type Phase } from './connection';
import { Screen, type MonitorPlace, type ScreenEvents } from './display';
import type { ViewerSettings } from './settings';

const CLOCK: Clock = {
  now: () => performance.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
  random: Math.random,
};

const NETWORK: Network = {
  online: () => navigator.onLine,
  watch: (listener) => {
    window.addEventListener('online', listener);
    return () => window.removeEventListener('online', listener);
  },
};

function broker(stream: EventStream): Broker {
  return {
    connect: portal.connect,
    ticket: portal.ticket,
    watch: (poolId, listener) => {
      const off = [
        stream.on('desktop', (desktop) => {
          if (desktop.poolId === poolId) listener(desktop);
        }),
        stream.on('hello', () => listener(undefined)),
      ];
      return () => {
        for (const stop of off) stop();
      };
    },
  };
}

interface Viewing {
  connection: DesktopConnection;
  phase: Phase;
  screen: Screen | undefined;
}

/** Connects while the page is shown; `screenRef` and `stillRef` are elements of it, `monitors` the desktop's others. */
export function useConnection(
  poolId: string,
  screenRef: RefObject<HTMLDivElement | null>,
  stillRef: RefObject<HTMLCanvasElement | null>,
  settings: ViewerSettings,
  copied: (text: string) => void,
  monitors: RefObject<readonly MonitorPlace[]>,
): Viewing {
  const stream = useEvents();
  const [screen, setScreen] = useState<Screen>();
  const latest = useRef({ settings, copied });
  useLayoutEffect(() => {
    latest.current = { settings, copied };
  }, [settings, copied]);

  const connection = useMemo(
    () =>
      // The refs are read after a request's answer, never while rendering.
      // eslint-disable-next-line react-hooks/refs
      new DesktopConnection({
        poolId,
        broker: broker(stream),
        clock: CLOCK,
        network: NETWORK,
        open: (ready, events) => {
          const target = screenRef.current;
          if (!target) throw new Error('the viewer is not on the page');
          const screenEvents: ScreenEvents = {
            opened: events.opened,
            drawn: () => {
              stillRef.current?.setAttribute('data-filled', 'false');
              events.drawn();
            },
            closed: (code) => {
              const still = stillRef.current;
              if (still && opened.copyTo(still)) still.setAttribute('data-filled', 'true');
              events.closed(code);
            },
            clipboard: (text) => latest.current.copied(text),
          };
          const opened = new Screen(target, ready, latest.current.settings, screenEvents, monitors.current);
          setScreen(opened);
          return opened;
        },
      }),
    [screenRef, stillRef, poolId, stream, monitors],
  );

  useEffect(() => {
    connection.start();
    return () => connection.stop('LEFT');
  }, [connection]);

  useEffect(() => screen?.apply(settings), [screen, settings]);

  const phase = useSyncExternalStore(connection.subscribe, connection.snapshot);
  return { connection, phase, screen: phase.kind === 'connected' ? screen : undefined };
}
