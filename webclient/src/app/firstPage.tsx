import { createContext, use, useState, type ReactNode } from 'react';
import { useLocation } from 'react-router';

const Context = createContext<string | undefined>(undefined);

/** Remembers which page the browser loaded itself; all others are reached within it. */
export function FirstPage({ children }: { children: ReactNode }) {
  const { key } = useLocation();
  const [first] = useState(key);
  return <Context value={first}>{children}</Context>;
}

/** The location key of the page that the browser loaded. */
export function useFirstPage(): string | undefined {
  return use(Context);
}
