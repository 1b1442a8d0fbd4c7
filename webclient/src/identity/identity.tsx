import { useQuery, useQueryClient } from '@tanstack/react-query';
import { createContext, use, useEffect, useMemo, type ReactNode } from 'react';
import { onSignedOut } from '../api/client';
import { asFailure, type Failure } from '../api/failure';
import * as portal from '../api/portal';
import type { Me, Right } from '../api/types';

/** Who is signed in. `null` is "nobody", as the broker said. */
export type Identity =
  | { state: 'unknown' }
  | { state: 'unavailable'; failure: Failure; retry: () => void }
  | { state: 'signed-out' }
  | { state: 'signed-in'; me: Me };

interface IdentityActions {
  identity: Identity;
  signIn: (username: string, password: string, code?: string) => Promise<void>;
  signOut: () => Promise<void>;
}

const Context = createContext<IdentityActions | undefined>(undefined);
export const ME = ['me'] as const;

async function whoAmI(): Promise<Me | null> {
  try {
    return await portal.me();
  } catch (error) {
    if (asFailure(error).reason === 'NOT_SIGNED_IN') return null;
    throw error;
  }
}

export function IdentityProvider({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const query = useQuery({ queryKey: ME, queryFn: whoAmI, staleTime: 60_000 });

  const { data, error, refetch } = query;

  useEffect(
    () =>
      onSignedOut(() => {
        // Asked again rather than believed: the refusal may be the late answer to a request of an earlier sign-in.
        if (client.getQueryData(ME)) void client.invalidateQueries({ queryKey: ME });
      }),
    [client],
  );

  // Nothing of one person's may be left for the next one at this browser.
  useEffect(() => {
    if (data === null) client.removeQueries({ predicate: (other) => other.queryKey[0] !== ME[0] });
  }, [client, data]);

  const actions = useMemo<IdentityActions>(() => {
    let identity: Identity;
    if (data) identity = { state: 'signed-in', me: data };
    else if (data === null) identity = { state: 'signed-out' };
    else if (error) identity = { state: 'unavailable', failure: asFailure(error), retry: () => void refetch() };
    else identity = { state: 'unknown' };
    return {
      identity,
      signIn: async (username, password, code) => {
        const me = await portal.login(username, password, code);
        client.setQueryData(ME, me);
      },
      signOut: async () => {
        const elsewhere = await portal.logout();
        client.setQueryData(ME, null);
        if (elsewhere) globalThis.location.assign(elsewhere);
      },
    };
  }, [client, data, error, refetch]);

  return <Context value={actions}>{children}</Context>;
}

export function useIdentity(): IdentityActions {
  const actions = use(Context);
  if (!actions) throw new Error('no IdentityProvider above');
  return actions;
}

/** The person signed in; only below `SignedIn`. */
export function useMe(): Me {
  const { identity } = useIdentity();
  if (identity.state !== 'signed-in') throw new Error('nobody is signed in here');
  return identity.me;
}

export function hasRight(me: Me, right: Right): boolean {
  return me.rights.includes(right);
}

/** Whether they help other people. */
export function isHelper(me: Me): boolean {
  return hasRight(me, 'user.read') && hasRight(me, 'session.read');
}

/** Whether there is anything for them in the administration. */
export function isOperator(me: Me): boolean {
  return me.rights.some((right) => right !== 'desktop.use');
}
