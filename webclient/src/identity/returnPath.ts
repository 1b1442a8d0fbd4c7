/** Where to go after sign-in. Only a path of this application: never another origin. */
export function returnPath(next: string | null): string {
  if (!next || !next.startsWith('/') || next.startsWith('//') || next.includes('\\')) return '/';
  const target = new URL(next, 'http://oriel.invalid');
  return target.host === 'oriel.invalid' && target.pathname !== '/sign-in' ? target.pathname + target.search : '/';
}

export function signInPath(from: { pathname: string; search: string }): string {
  const next = from.pathname + from.search;
  return next === '/' ? '/sign-in' : `/sign-in?next=${encodeURIComponent(next)}`;
}
