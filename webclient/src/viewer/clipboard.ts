import { useCallback, useEffect, useRef, useState } from 'react';

/** Whether this browser can share the clipboard by itself: it needs a secure context, and leave to read. */
export type Sharing = 'unsupported' | 'off' | 'on';

export interface ClipboardBridge {
  /** What the desktop copied last, or was given last. */
  text: string;
  sharing: Sharing;
  /** The desktop copied something. */
  fromDesktop: (text: string) => void;
  /** Hands `text` to the desktop. */
  toDesktop: (text: string) => void;
  /** Asks the browser for leave to read the clipboard. */
  share: () => Promise<void>;
}

/** Absent outside of a secure context, whatever the type library says. */
function clipboard(): Clipboard | undefined {
  return navigator.clipboard;
}

async function mayRead(): Promise<boolean> {
  try {
    const permission = await navigator.permissions.query({ name: 'clipboard-read' as PermissionName });
    return permission.state === 'granted';
  } catch {
    // Firefox and Safari don't know this permission: there the panel is the way.
    return false;
  }
}

/**
 * The clipboard between this browser and the desktop. Where the browser lets us, it is taken over whenever the window
 * gets the focus, and set whenever the desktop copies; elsewhere the panel does it by hand.
 */
export function useClipboard(paste: (text: string) => void, active: boolean): ClipboardBridge {
  const [text, setText] = useState('');
  const [sharing, setSharing] = useState<Sharing>(() => (clipboard() ? 'off' : 'unsupported'));
  // Guards against the echo: what came from there is not sent back.
  const known = useRef('');

  const take = useCallback(async () => {
    if (!active || !document.hasFocus() || !clipboard()) return;
    if (!(await mayRead())) return;
    setSharing('on');
    try {
      const local = await navigator.clipboard.readText();
      if (local === '' || local === known.current) return;
      known.current = local;
      setText(local);
      paste(local);
    } catch {
      // Nothing in it that is text, or the focus went away in between.
    }
  }, [active, paste]);

  useEffect(() => {
    void take();
    const onFocus = (): void => void take();
    window.addEventListener('focus', onFocus);
    return () => window.removeEventListener('focus', onFocus);
  }, [take]);

  const fromDesktop = useCallback((copied: string) => {
    known.current = copied;
    setText(copied);
    // Refused without focus or in an insecure context: the panel still has it.
    clipboard()?.writeText(copied).catch(() => undefined);
  }, []);

  const toDesktop = useCallback(
    (given: string) => {
      known.current = given;
      setText(given);
      paste(given);
    },
    [paste],
  );

  const share = useCallback(async () => {
    try {
      const local = await navigator.clipboard.readText();
      setSharing('on');
      toDesktop(local);
    } catch {
      setSharing('off');
    }
  }, [toDesktop]);

  return { text, sharing, fromDesktop, toDesktop, share };
}
