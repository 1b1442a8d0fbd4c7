import { useCallback, useEffect, useState } from 'react';
import { asFailure, type Failure } from '../api/failure';
import { connect } from '../api/portal';
import type { Desktop } from '../api/types';
import { openInNativeViewer, type NativeViewerAccess } from './api';

/** How long the server takes a password; counted here, as this computer's clock may be another than the server's. */
const LIFE_MS = 60_000;

const SHOWN = new Set<Desktop['state']>(['READY', 'CONNECTED', 'DISCONNECTED']);

interface Access {
  access: NativeViewerAccess | undefined;
  /** When its password ends, by this computer's clock. */
  goodUntil: number;
  failure: Failure | undefined;
  /** Asks for another password. */
  renew: () => void;
}

/**
 * Claims the desktop if nobody has it yet, and asks for a password as soon as there is something to show. A password stays
 * what it is while the desktop's state changes: opening the viewer is one of these changes.
 */
export function useAccess(desktop: Desktop, right: 'control' | 'view'): Access {
  const [times, setTimes] = useState(0);
  const [access, setAccess] = useState<NativeViewerAccess>();
  const [goodUntil, setGoodUntil] = useState(0);
  const [failure, setFailure] = useState<Failure>();
  const { poolId, sessionId } = desktop;
  const claim = desktop.state === 'NONE';
  const shown = SHOWN.has(desktop.state);

  useEffect(() => {
    let over = false;
    const take = async (): Promise<void> => {
      setAccess(undefined);
      setFailure(undefined);
      try {
        if (claim) await connect(poolId);
        else if (shown && sessionId !== undefined) {
          const asked = Date.now();
          const got = await openInNativeViewer(sessionId, right);
          if (over) return;
          setGoodUntil(asked + LIFE_MS);
          setAccess(got);
        }
      } catch (error) {
        if (!over) setFailure(asFailure(error));
      }
    };
    void take();
    return () => {
      over = true;
    };
  }, [times, claim, poolId, right, sessionId, shown]);

  const renew = useCallback(() => setTimes((before) => before + 1), []);
  return { access, goodUntil, failure, renew };
}
