import { useEffect, useState } from 'react';

/** `seconds` counted down from when it was learned (again); undefined stays undefined, and it never passes 1. */
export function useCountdown(seconds: number | undefined, learned: string): number | undefined {
  const [left, setLeft] = useState(seconds);
  useEffect(() => {
    setLeft(seconds);
    if (seconds === undefined) return;
    const end = Date.now() + seconds * 1000;
    const timer = setInterval(() => setLeft(Math.max(1, Math.round((end - Date.now()) / 1000))), 1000);
    return () => clearInterval(timer);
  }, [seconds, learned]);
  return left;
}
