import { Label } from '@patternfly/react-core';
import { useLanguage } from '../i18n/language';
import { MachineScreen } from '../machines/MachineScreen';
import type { Snapshot } from './api';
import { SnapshotPicture } from './SnapshotPicture';

interface Props {
  snapshot: Snapshot;
  title: string;
  /** Somebody else works there: one has to ask for the pictures, as looking is recorded. Without it, it is one's own. */
  screen?: { private: boolean };
}

/** What a restore would exchange: the desktop as it is now, and the snapshot. */
export function RestoreComparison({ snapshot, title, screen }: Props) {
  const { t, date } = useLanguage();
  return (
    <div className="oriel-compare">
      <section aria-label={t('compare.now')}>
        <h2 className="oriel-subhead">{t('compare.now')}</h2>
        <MachineScreen machine={snapshot.machine} private={screen?.private ?? false} width={480} />
        <p className="oriel-subtle">{t('compare.kept')}</p>
      </section>
      <section aria-label={t('compare.then')}>
        <h2 className="oriel-subhead">{t('compare.then')}</h2>
        <SnapshotPicture snapshot={snapshot} title={title} private={screen?.private ?? false} />
        <p>
          <strong>{title}</strong> {snapshot.memory && <Label isCompact>{t('snapshots.memory')}</Label>}
        </p>
        <p className="oriel-subtle">
          {date(snapshot.created)}, {snapshot.takenBy}
        </p>
        <p className="oriel-subtle">{t(snapshot.memory ? 'compare.resumes' : 'compare.boots')}</p>
      </section>
    </div>
  );
}
