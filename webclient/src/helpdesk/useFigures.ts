import { useEffect, useState, useSyncExternalStore } from 'react';
import { NONE, withFigures, withSample, type FiguresState, type LiveFigures, type LiveSample } from './figures';

function watchVisibility(listener: () => void): () => void {
  document.addEventListener('visibilitychange', listener);
  return () => document.removeEventListener('visibilitychange', listener);
}

/**
 * A machine's figures as they come, while the page is in sight: the broker measures only while somebody looks.
 *
 * @param path of the stream
 * @param changed what changes when there may be figures again
 */
export function useFigures(path: string, changed: string): FiguresState {
  const visible = useSyncExternalStore(watchVisibility, () => document.visibilityState === 'visible');
  const [state, setState] = useState<FiguresState>(NONE);

  useEffect(() => {
    if (!visible) return;
    const source = new EventSource(path);
    const data = (event: Event): unknown => JSON.parse((event as MessageEvent<string>).data);
    source.addEventListener('metrics', (event) => setState(withFigures(data(event) as LiveFigures)));
    source.addEventListener('sample', (event) => setState((before) => withSample(before, data(event) as LiveSample)));
    source.addEventListener('ended', () => {
      source.close();
      setState((before) => ({ ...before, state: 'ended' }));
    });
    source.addEventListener('error', () => {
      // A broken stream is tried again by the browser; a refusal (off, or too many streams) is not.
      if (source.readyState === EventSource.CLOSED) setState((before) => ({ ...before, state: 'ended' }));
    });
    return () => source.close();
  }, [path, changed, visible]);

  return state;
}
