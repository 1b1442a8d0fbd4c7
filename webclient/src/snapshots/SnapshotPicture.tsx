import { Button } from '@patternfly/react-core';
import { EyeIcon } from '@patternfly/react-icons';
import { useState } from 'react';
import { useLanguage } from '../i18n/language';
import type { Snapshot } from './api';

interface Props {
  snapshot: Snapshot;
  title: string;
  /** Somebody else's screen: one has to ask for it, as looking is recorded. */
  private?: boolean;
}

/** What was on the screen when the snapshot was taken. */
export function SnapshotPicture({ snapshot, title, private: theirs = false }: Props) {
  const { t } = useLanguage();
  const [looking, setLooking] = useState(!theirs);
  const [absent, setAbsent] = useState(!snapshot.picture);
  if (absent) return <div className="oriel-screen oriel-screen--empty oriel-subtle">{t('snapshots.noPicture')}</div>;
  if (!looking) {
    return (
      <div className="oriel-screen oriel-screen--empty">
        <Button variant="secondary" icon={<EyeIcon />} onClick={() => setLooking(true)}>
          {t('snapshots.look')}
        </Button>
        <span className="oriel-subtle">{t('screen.recorded')}</span>
      </div>
    );
  }
  return (
    <div className="oriel-screen" data-shown="true">
      <img src={pictureOf(snapshot)} alt={t('snapshots.pictureOf', { snapshot: title })} onError={() => setAbsent(true)} />
    </div>
  );
}

/** Where its picture is. */
export function pictureOf({ machine, id }: Snapshot): string {
  return `/api/v1/machines/${encodeURIComponent(machine)}/snapshots/${id}/picture`;
}
