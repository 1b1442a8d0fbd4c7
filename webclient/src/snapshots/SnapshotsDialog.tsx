import { Button, Label, Modal, ModalBody, ModalFooter, ModalHeader, Skeleton, TextInput } from '@patternfly/react-core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { asFailure } from '../api/failure';
import { ConfirmDialog, type Confirmation } from '../app/ConfirmDialog';
import { FailureAlert } from '../app/FailureAlert';
import { useToasts } from '../app/toasts';
import { useSubmit } from '../app/useSubmit';
import { useLanguage } from '../i18n/language';
import { deleteSnapshot, restoreSnapshot, snapshots, takeSnapshot, type Snapshot } from './api';
import { RestoreComparison } from './RestoreComparison';
import { pictureOf } from './SnapshotPicture';
import { tree } from './tree';

interface Props {
  machine: string;
  name: string;
  /** Whether the person may take and delete, besides restore. */
  writes: boolean;
  close: () => void;
  done?: () => void;
  /** Whose screen it is: somebody else's is shown only when asked for. Without it, it is one's own. */
  screen?: { private: boolean };
}

/** A machine's snapshots: take one, go back to one. Going back keeps the present state first, so that it can be undone. */
export default function SnapshotsDialog({ machine, name, writes, close, done, screen }: Props) {
  const { t } = useLanguage();
  const client = useQueryClient();
  const toasts = useToasts();
  const [label, setLabel] = useState('');
  const [ask, setAsk] = useState<Confirmation>();
  const query = useQuery({ queryKey: ['snapshot', machine], queryFn: () => snapshots(machine) });

  const changed = (text: string): void => {
    toasts.success(text);
    void client.invalidateQueries({ queryKey: ['snapshot'] });
    done?.();
  };

  const { busy, failure, submit } = useSubmit(async () => {
    await takeSnapshot(machine, label.trim());
    setLabel('');
    changed(t('snapshots.taking', { name }));
  });

  const titleOf = (snapshot: Snapshot): string => snapshot.label || t(`snapshots.kind.${snapshot.kind}`);

  // The question lies over the list, which gets the focus back.
  const question = ask && <ConfirmDialog ask={ask} close={() => setAsk(undefined)} />;
  return (
    <>
      <Modal
        isOpen
        variant="medium"
        onClose={close}
        onEscapePress={ask ? () => undefined : close}
        aria-labelledby="snapshots-title"
      >
        <ModalHeader title={t('snapshots.of', { name })} labelId="snapshots-title" description={t('snapshots.help')} />
        <ModalBody>
          {failure && <FailureAlert failure={failure} />}
          {query.error && <FailureAlert failure={asFailure(query.error)} retry={() => void query.refetch()} />}
          {writes && (
            <form className="oriel-snapshots__take" onSubmit={(event) => void submit(event)}>
              <TextInput
                aria-label={t('snapshots.label')}
                placeholder={t('snapshots.label')}
                maxLength={120}
                value={label}
                onChange={(_, value) => setLabel(value)}
              />
              <Button type="submit" isLoading={busy} isDisabled={busy}>
                {t('snapshots.take')}
              </Button>
            </form>
          )}
          {!query.data && !query.error && <Skeleton height="4rem" screenreaderText={t('state.loading')} />}
          {query.data?.length === 0 && <p className="oriel-subtle">{t('snapshots.none')}</p>}
          <ul className="oriel-snapshots">
            {query.data &&
              tree(query.data).map(({ snapshot, depth }) => (
                <SnapshotLine
                  key={snapshot.id}
                  snapshot={snapshot}
                  depth={depth}
                  title={titleOf(snapshot)}
                  pictured={!screen?.private}
                  restore={() =>
                    setAsk({
                      title: t('snapshots.restore.title', { name, snapshot: titleOf(snapshot) }),
                      text: (
                        <>
                          <p>{t(snapshot.memory ? 'snapshots.restore.text' : 'snapshots.restore.boots')}</p>
                          <RestoreComparison snapshot={snapshot} title={titleOf(snapshot)} {...(screen && { screen })} />
                        </>
                      ),
                      wide: true,
                      confirm: t('snapshots.restore'),
                      destructive: true,
                      act: () => restoreSnapshot(snapshot).then(() => changed(t('snapshots.restoring', { name }))),
                    })
                  }
                  {...(writes &&
                    snapshot.kind !== 'BASELINE' && {
                      remove: () =>
                        setAsk({
                          title: t('snapshots.delete.title', { snapshot: titleOf(snapshot) }),
                          text: t('snapshots.delete.text'),
                          confirm: t('snapshots.delete'),
                          destructive: true,
                          act: () => deleteSnapshot(snapshot).then(() => changed(t('snapshots.deleting'))),
                        }),
                    })}
                />
              ))}
          </ul>
        </ModalBody>
        <ModalFooter>
          <Button variant="secondary" onClick={close}>
            {t('action.close')}
          </Button>
        </ModalFooter>
      </Modal>
      {question}
    </>
  );
}

interface LineProps {
  snapshot: Snapshot;
  /** Its picture may be shown without a question. */
  pictured: boolean;
  depth: number;
  title: string;
  restore: () => void;
  remove?: () => void;
}

const DEEPEST = 6;

function SnapshotLine({ snapshot, pictured, depth, title, restore, remove }: LineProps) {
  const { t, date, number } = useLanguage();
  return (
    <li style={{ paddingInlineStart: `${Math.min(depth, DEEPEST) * 1.25}rem` }} data-snapshot={snapshot.name}>
      {pictured && snapshot.picture && <img className="oriel-snapshots__picture" src={pictureOf(snapshot)} alt="" loading="lazy" />}
      <span className="oriel-snapshots__what">
        <strong>{title}</strong>{' '}
        {snapshot.current && (
          <Label isCompact color="blue">
            {t('snapshots.current')}
          </Label>
        )}{' '}
        {snapshot.state !== 'READY' && (
          <Label isCompact {...(snapshot.state === 'FAILED' ? { status: 'danger' } : { status: 'info' })}>
            {t(`snapshots.state.${snapshot.state}`)}
          </Label>
        )}
        <br />
        <span className="oriel-subtle">
          {date(snapshot.created)}, {snapshot.takenBy}, {number(Math.round(snapshot.bytes / (1 << 20)))} MiB
          {snapshot.memory && `, ${t('snapshots.memory')}`}
        </span>
        {snapshot.failure && <span className="oriel-failure">{snapshot.failure}</span>}
      </span>
      <Button variant="secondary" size="sm" isDisabled={snapshot.state !== 'READY'} aria-label={`${t('snapshots.restore')}: ${title}`} onClick={restore}>
        {t('snapshots.restore')}
      </Button>
      {remove && (
        <Button variant="link" size="sm" isDanger isDisabled={snapshot.state === 'DELETING'} aria-label={`${t('snapshots.delete')}: ${title}`} onClick={remove}>
          {t('snapshots.delete')}
        </Button>
      )}
    </li>
  );
}
