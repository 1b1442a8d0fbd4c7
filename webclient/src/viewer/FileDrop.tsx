import { Alert, AlertActionCloseButton, Button, Progress, ProgressSize } from '@patternfly/react-core';
import { UploadIcon } from '@patternfly/react-icons';
import { useCallback, useEffect, useRef, useState } from 'react';
import { asFailure } from '../api/failure';
import { explain } from '../app/explain';
import { useLanguage } from '../i18n/language';
import { handOver, MOST_BYTES, type Place } from './files';

/** What went well needs no more than a look, and lies over the desktop. */
const GONE_AFTER_MS = 6_000;

interface Transfer {
  key: number;
  name: string;
  share: number;
  done?: Place;
  failed?: string;
  abort: AbortController;
}

interface Props {
  sessionId: () => string | undefined;
  /** Else whoever drags files here is told that it is no use: without that the browser would show them instead of the desktop. */
  allowed: boolean;
}

/** Files dropped on the desktop, or chosen by the button, go onto it, one after the other. */
export function FileDrop({ sessionId, allowed }: Props) {
  const language = useLanguage();
  const { t } = language;
  const [over, setOver] = useState(false);
  const [transfers, setTransfers] = useState<readonly Transfer[]>([]);
  const chooser = useRef<HTMLInputElement>(null);
  const queue = useRef(Promise.resolve());
  const next = useRef(0);
  const latest = useRef(language);
  useEffect(() => {
    latest.current = language;
  }, [language]);

  const change = useCallback((key: number, to: Partial<Transfer>): void => {
    setTransfers((all) => all.map((entry) => (entry.key === key ? { ...entry, ...to } : entry)));
  }, []);

  const send = useCallback(
    (files: Iterable<File>): void => {
      const session = sessionId();
      if (session === undefined) return;
      for (const file of files) {
        const key = next.current++;
        const abort = new AbortController();
        const tooLarge = file.size > MOST_BYTES;
        setTransfers((all) => [
          ...all,
          { key, name: file.name, share: 0, abort, ...(tooLarge && { failed: latest.current.t('files.tooLarge', { most: MOST_BYTES >> 20 }) }) },
        ]);
        if (tooLarge) continue;
        queue.current = queue.current.then(() =>
          abort.signal.aborted
            ? undefined
            : handOver(session, file, (share) => change(key, { share }), abort.signal).then(
                (done) => {
                  change(key, { share: 1, done });
                  setTimeout(() => setTransfers((all) => all.filter((entry) => entry.key !== key)), GONE_AFTER_MS);
                },
                (error: unknown) => abort.signal.aborted || change(key, { failed: explain(asFailure(error), latest.current).help }),
              ),
        ).then(() => undefined);
      }
    },
    [sessionId, change],
  );

  useEffect(() => {
    const carries = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') ?? false;
    const onOver = (event: DragEvent): void => {
      if (!carries(event)) return;
      event.preventDefault();
      if (event.dataTransfer) event.dataTransfer.dropEffect = allowed ? 'copy' : 'none';
      setOver(true);
    };
    const onLeave = (event: DragEvent): void => {
      if (event.relatedTarget === null) setOver(false);
    };
    const onDrop = (event: DragEvent): void => {
      if (!carries(event)) return;
      event.preventDefault();
      setOver(false);
      if (allowed) send(event.dataTransfer?.files ?? []);
    };
    window.addEventListener('dragover', onOver);
    window.addEventListener('dragleave', onLeave);
    window.addEventListener('drop', onDrop);
    return () => {
      window.removeEventListener('dragover', onOver);
      window.removeEventListener('dragleave', onLeave);
      window.removeEventListener('drop', onDrop);
    };
  }, [send, allowed]);

  const close = (entry: Transfer): void => {
    entry.abort.abort();
    setTransfers((all) => all.filter((other) => other.key !== entry.key));
  };

  return (
    <>
      {over && (
        <div className="oriel-drop" aria-hidden="true">
          {t(allowed ? 'files.drop' : 'files.notTaken')}
        </div>
      )}
      {allowed && <Button className="oriel-files__choose" variant="secondary" size="sm" icon={<UploadIcon />} onClick={() => chooser.current?.click()}>
        {t('files.choose')}
      </Button>}
      <aside className="oriel-files" aria-label={t('files.title')}>
        {transfers.map((entry) => (
          <Alert
            key={entry.key}
            isInline
            isLiveRegion
            component="p"
            variant={entry.failed ? 'danger' : entry.done ? 'success' : 'info'}
            title={
              entry.failed
                ? t('files.failed', { name: entry.name })
                : entry.done
                  ? t(entry.done.folder === 'Desktop' ? 'files.onDesktop' : 'files.done', {
                      name: entry.done.name,
                      folder: entry.done.folder ?? '',
                    })
                  : t('files.sending', { name: entry.name })
            }
            actionClose={
              <AlertActionCloseButton
                aria-label={t(entry.failed || entry.done ? 'action.close' : 'files.cancel', { name: entry.name })}
                onClose={() => close(entry)}
              />
            }
          >
            {entry.failed}
            {!entry.failed && !entry.done && (
              <Progress size={ProgressSize.sm} value={Math.round(entry.share * 100)} aria-label={t('files.sending', { name: entry.name })} />
            )}
          </Alert>
        ))}
        <input
          ref={chooser}
          type="file"
          multiple
          hidden
          aria-label={t('files.choose')}
          onChange={(event) => {
            send([...(event.target.files ?? [])]);
            event.target.value = '';
          }}
        />
      </aside>
    </>
  );
}
