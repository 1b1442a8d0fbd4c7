import { createContext, use, useEffect, useState, useSyncExternalStore, type ReactNode } from 'react';
import { useEvents } from '../../app/live';
import { EventLog, type LoggedChange } from './eventLog';

const Context = createContext<EventLog | undefined>(undefined);

/** Listens as long as the administration is open, on whatever page one is. */
export function EventLogProvider({ children }: { children: ReactNode }) {
  const stream = useEvents();
  const [log] = useState(() => new EventLog());
  useEffect(() => stream.on('changed', log.add), [stream, log]);
  return <Context value={log}>{children}</Context>;
}

export function useEventLog(): readonly LoggedChange[] {
  const log = use(Context);
  if (!log) throw new Error('no EventLogProvider above');
  return useSyncExternalStore(log.subscribe, log.snapshot);
}
