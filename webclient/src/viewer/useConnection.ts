import { useEffect, useMemo, useRef, useState, useSyncExternalStore, type RefObject } from 'react';
import type { EventStream } from '../api/events';
import * as portal from '../api/portal';
import { useEvents } from '../app/live';
import { DesktopConnection, type Broker, type Clock, type Network, type Phase } from './connection';
import { Screen } from './display';
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

interface Elements {
  target: RefObject<HTMLDivElement | null>;
  still: RefObject<HTMLCanvasElement | null>;
}

interface Viewing {
  connection: DesktopConnection;
  phase: Phase;
  screen: Screen | undefined;
}

/** Connects while the page is shown; `elements` must be mounted with it. */
export function useConnection(
  poolId: string,
  elements: Elements,
  settings: ViewerSettings,
  copied: (text: string) => void,
): Viewing {
  const stream = useEvents();
  const [screen, setScreen] = useState<Screen>();
  const latest = useRef({ settings, copied });
  latest.current = { settings, copied };

  const connection = useMemo(
    () =>
      new DesktopConnection({
        poolId,
        broker: broker(stream),
        clock: CLOCK,
        network: NETWORK,
        open: (ready, events) => {
          const target = elements.target.current;
          if (!target) throw new Error('the viewer is not on the page');
          const opened = new Screen(target, ready, latest.current.settings, {
            opened: events.opened,
            drawn: () => {
              elements.still.current?.setAttribute('data-filled', 'false');
              events.drawn();
            },
            closed: (code) => {
              const still = elements.still.current;
              if (still && opened.copyTo(still)) still.setAttribute('data-filled', 'true');
              events.closed(code);
            },
            clipboard: (text) => latest.current.copied(text),
          });
          setScreen(opened);
          return opened;
        },
      }),
    [elements.still, elements.target, poolId, stream],
  );

  useEffect(() => {
    connection.start();
    return () => connection.stop('LEFT');
  }, [connection]);

  useEffect(() => screen?.apply(settings), [screen, settings]);

  const phase = useSyncExternalStore(connection.subscribe, connection.snapshot);
  return { connection, phase, screen: phase.kind === 'connected' ? screen : undefined };
}
