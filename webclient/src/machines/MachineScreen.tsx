import { Button } from '@patternfly/react-core';
import { EyeIcon } from '@patternfly/react-icons';
import { useEffect, useState, useSyncExternalStore } from 'react';
import { useLanguage } from '../i18n/language';

/** The broker's picture is at most two seconds old; asking more often shows nothing new. */
const NEXT_PICTURE_MS = 4_000;

function watchVisibility(listener: () => void): () => void {
  document.addEventListener('visibilitychange', listener);
  return () => document.removeEventListener('visibilitychange', listener);
}

interface Props {
  machine: string;
  /** Somebody else works there: one has to ask for the picture, as looking is recorded. */
  private?: boolean;
  /** In pixels of the picture. */
  width?: number;
  /** What changes when there may be a screen again. */
  changed?: string;
}

/** What is on a machine's screen, live while it is looked at. */
export function MachineScreen({ machine, private: theirs = false, width = 640, changed = '' }: Props) {
  const { t } = useLanguage();
  const [looking, setLooking] = useState(!theirs);
  const [round, setRound] = useState(0);
  const [shown, setShown] = useState(false);
  const [absent, setAbsent] = useState(false);
  const visible = useSyncExternalStore(watchVisibility, () => document.visibilityState === 'visible');

  useEffect(() => setAbsent(false), [changed]);

  useEffect(() => {
    if (!looking || !visible || absent) return;
    const timer = setInterval(() => setRound((before) => before + 1), NEXT_PICTURE_MS);
    return () => clearInterval(timer);
  }, [looking, visible, absent]);

  if (!looking) {
    return (
      <div className="oriel-screen oriel-screen--empty">
        <Button variant="secondary" icon={<EyeIcon />} onClick={() => setLooking(true)}>
          {t('screen.look')}
        </Button>
        <span className="oriel-subtle">{t('screen.recorded')}</span>
      </div>
    );
  }
  return (
    <div className="oriel-screen" data-shown={shown && !absent}>
      {absent ? (
        <span className="oriel-screen--empty oriel-subtle">{t('screen.none')}</span>
      ) : (
        <img
          src={`/api/v1/machines/${encodeURIComponent(machine)}/screen?width=${width}&round=${round}`}
          alt={t('screen.of', { machine })}
          onLoad={() => setShown(true)}
          onError={() => setAbsent(true)}
        />
      )}
    </div>
  );
}
