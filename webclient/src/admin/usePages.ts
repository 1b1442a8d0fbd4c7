import { useInfiniteQuery, type QueryKey } from '@tanstack/react-query';
import { asFailure, type Failure } from '../api/failure';
import type { Page } from './api';

export interface Pages<T> {
  /** All rows read so far; undefined until the first page is there. */
  rows: T[] | undefined;
  failure: Failure | undefined;
  retry: () => void;
  /** Reads on; undefined if everything is there. */
  more: (() => void) | undefined;
  reading: boolean;
}

/** A list of the API, page by page. Events refresh what was read, by the first part of the key. */
export function usePages<T>(queryKey: QueryKey, read: (cursor: string | undefined) => Promise<Page<T>>): Pages<T> {
  const query = useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam }) => read(pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.nextCursor,
    // The old rows stay while a filter's new ones are on their way.
    placeholderData: (before) => before,
  });
  return {
    rows: query.data?.pages.flatMap((page) => page.items),
    failure: query.error ? asFailure(query.error) : undefined,
    retry: () => void query.refetch(),
    more: query.hasNextPage ? () => void query.fetchNextPage() : undefined,
    reading: query.isFetchingNextPage,
  };
}
