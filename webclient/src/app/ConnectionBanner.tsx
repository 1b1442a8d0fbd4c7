import { Banner } from '@patternfly/react-core';
import { DisconnectedIcon } from '@patternfly/react-icons';
import { useEffect, useState, useSyncExternalStore } from 'react';
import { useLanguage } from '../i18n/language';
import { useStreamStatus } from './live';

function watchNetwork(listener: () => void): () => void {
  window.addEventListener('online', listener);
  window.addEventListener('offline', listener);
  return () => {
    window.removeEventListener('online', listener);
    window.removeEventListener('offline', listener);
  };
}

/** A short break in the event stream is nobody's business. */
const PATIENCE_MS = 3_000;

/** Says that what is on the screen may be old: no network, or no events from the broker. */
export function ConnectionBanner() {
  const { t } = useLanguage();
  const online = useSyncExternalStore(watchNetwork, () => navigator.onLine);
  const down = useStreamStatus() === 'down';
  const [lasting, setLasting] = useState(false);

  useEffect(() => {
    if (!down) {
      setLasting(false);
      return;
    }
    const timer = setTimeout(() => setLasting(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, [down]);

  if (online && !lasting) return null;
  return (
    <Banner status="warning" role="status">
      <span className="oriel-banner">
        <DisconnectedIcon />
        {t(online ? 'banner.noEvents' : 'banner.offline')}
      </span>
    </Banner>
  );
}
