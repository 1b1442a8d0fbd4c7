import { Modal, ModalBody, ModalHeader } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { asFailure } from '../../api/failure';
import { FailureAlert } from '../../app/FailureAlert';
import { useEvents } from '../../app/live';
import { useLanguage } from '../../i18n/language';
import { versionLog } from '../api';

/** Older lines of a long build are dropped here; the server's log has them all. */
const MOST_LINES = 5_000;

/** What a version's build said, and goes on saying. */
export function BuildLog({ image, version, close }: { image: string; version: number; close: () => void }) {
  const { t } = useLanguage();
  const stream = useEvents();
  const [live, setLive] = useState<readonly string[]>([]);
  const end = useRef<HTMLDivElement>(null);
  const query = useQuery({ queryKey: ['image', image, version, 'log'], queryFn: () => versionLog(image, version), staleTime: Infinity });

  useEffect(
    () =>
      stream.on('log', (line) => {
        if (line.image === image && line.version === version) setLive((before) => [...before.slice(-MOST_LINES), line.line]);
      }),
    [stream, image, version],
  );
  useEffect(() => {
    // Its answer is a promise in newer browsers, which React would take for the effect's end.
    end.current?.scrollIntoView({ block: 'nearest' });
  }, [live, query.data]);

  return (
    <Modal isOpen variant="large" onClose={close} aria-labelledby="log-title">
      <ModalHeader title={t('images.logOf', { name: image, version })} labelId="log-title" />
      <ModalBody tabIndex={0} role="log" aria-label={t('images.log')}>
        {query.error && <FailureAlert failure={asFailure(query.error)} retry={() => void query.refetch()} />}
        <pre className="oriel-log">
          {query.data}
          {live.length > 0 && live.join('\n')}
        </pre>
        <div ref={end} />
      </ModalBody>
    </Modal>
  );
}
