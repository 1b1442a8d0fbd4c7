import { useEffect, useRef, useState, type RefObject } from 'react';

const FIRST = 640;

/** How wide an element is, in pixels: charts are drawn in the window's own pixels, so that their text stays readable. */
export function useWidth<E extends HTMLElement>(): [RefObject<E | null>, number] {
  const element = useRef<E>(null);
  const [width, setWidth] = useState(FIRST);
  useEffect(() => {
    const watched = element.current;
    if (!watched || typeof ResizeObserver === 'undefined') return;
    const observer = new ResizeObserver(([entry]) => entry && setWidth(Math.max(120, Math.floor(entry.contentRect.width))));
    observer.observe(watched);
    return () => observer.disconnect();
  }, []);
  return [element, width];
}
