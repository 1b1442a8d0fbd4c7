import { useQueryClient } from '@tanstack/react-query';
import { createContext, use, useEffect, useState, useSyncExternalStore, type ReactNode } from 'react';
import { announceSignedOut } from '../api/client';
import { EventStream, type Change } from '../api/events';
import type { Desktop } from '../api/types';

const Context = createContext<EventStream | undefined>(undefined);

export const DESKTOPS = ['desktops'] as const;

/** Query keys that a change of a kind makes stale: the first part of the key is the kind. */
export function staleAfter(change: Change): readonly string[] {
  switch (change.kind) {
    case 'machine':
    case 'session':
      // A pool's row counts its machines and sessions.
      return [change.kind, 'pool', 'person', 'host'];
    case 'user':
    case 'operation':
      return [change.kind, 'person'];
    default:
      return [change.kind];
  }
}

export function withDesktop(list: Desktop[] | undefined, changed: Desktop): Desktop[] | undefined {
  if (!list?.some((desktop) => desktop.poolId === changed.poolId)) return undefined;
  return list.map((desktop) => (desktop.poolId === changed.poolId ? changed : desktop));
}

/** Keeps what is on the screen up to date with the broker's events; mounted while somebody is signed in. */
export function LiveProvider({ children, stream: given }: { children: ReactNode; stream?: EventStream }) {
  const client = useQueryClient();
  const [stream] = useState(() => given ?? new EventStream());

  useEffect(() => {
    const off = [
      stream.on('hello', () => void client.invalidateQueries()),
      stream.on('desktop', (desktop) => {
        const next = withDesktop(client.getQueryData<Desktop[]>(DESKTOPS), desktop);
        if (next) client.setQueryData(DESKTOPS, next);
        else void client.invalidateQueries({ queryKey: DESKTOPS });
      }),
      stream.on('changed', (change) => {
        for (const kind of staleAfter(change)) void client.invalidateQueries({ queryKey: [kind] });
        if (change.kind === 'entitlement' || change.kind === 'pool') {
          void client.invalidateQueries({ queryKey: DESKTOPS });
        }
      }),
      stream.on('signed-out', announceSignedOut),
    ];
    stream.start();
    return () => {
      for (const stop of off) stop();
      stream.stop();
    };
  }, [client, stream]);

  return <Context value={stream}>{children}</Context>;
}

export function useEvents(): EventStream {
  const stream = use(Context);
  if (!stream) throw new Error('no LiveProvider above');
  return stream;
}

export function useStreamStatus() {
  const stream = useEvents();
  return useSyncExternalStore(
    (listener) => stream.on('status', listener),
    () => stream.status,
  );
}
