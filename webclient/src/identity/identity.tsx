import { useQuery, useQueryClient } from '@tanstack/react-query';
import { createContext, use, useCallback, useEffect, useMemo, type ReactNode } from 'react';
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
  signIn(username: string, password: string): Promise<void>;
  signOut(): Promise<void>;
}

const Context = createContext<IdentityActions | undefined>(undefined);
const ME = ['me'] as const;

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

  const forget = useCallback(() => {
    // Nothing of one person's may be left for the next one at this browser.
    client.removeQueries({ predicate: (other) => other.queryKey[0] !== ME[0] });
    client.setQueryData(ME, null);
  }, [client]);

  useEffect(() => onSignedOut(forget), [forget]);

  const { data, error, refetch } = query;
  const actions = useMemo<IdentityActions>(() => {
    let identity: Identity;
    if (data) identity = { state: 'signed-in', me: data };
    else if (data === null) identity = { state: 'signed-out' };
    else if (error) identity = { state: 'unavailable', failure: asFailure(error), retry: () => void refetch() };
    else identity = { state: 'unknown' };
    return {
      identity,
      signIn: async (username, password) => {
        const me = await portal.login(username, password);
        client.removeQueries({ predicate: (other) => other.queryKey[0] !== ME[0] });
        client.setQueryData(ME, me);
      },
      signOut: async () => {
        await portal.logout();
        forget();
      },
    };
  }, [client, data, error, forget, refetch]);

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

/** Whether there is anything for them in the administration. */
export function isOperator(me: Me): boolean {
  return me.rights.some((right) => right !== 'desktop.use');
}
