import { useMemo, useSyncExternalStore } from 'react';
import { useEvents } from '../app/live';
import { Collection, type CollectionParts, type CollectionState } from './collection';

type Source<T> = Pick<CollectionParts<T>, 'kind' | 'keyOf' | 'page' | 'one'>;

/** The whole list behind `source`, live. `source` must be the same object from call to call. */
export function useCollection<T>(source: Source<T>): CollectionState<T> & { reload: () => void } {
  const stream = useEvents();
  const collection = useMemo(
    () =>
      new Collection({
        ...source,
        watch: (listener) => {
          const off = [stream.on('changed', listener), stream.on('hello', () => listener(undefined))];
          return () => off.forEach((stop) => stop());
        },
        after: (ms, run) => {
          const timer = setTimeout(run, ms);
          return () => clearTimeout(timer);
        },
      }),
    [source, stream],
  );
  const state = useSyncExternalStore(collection.subscribe, collection.snapshot);
  return { ...state, reload: collection.reload };
}
