import type { Desktop } from '../api/types';
import { useLanguage } from '../i18n/language';
import { useCountdown } from './useCountdown';

/** The place in the queue, live. */
export function QueueNote({ desktop }: { desktop: Desktop }) {
  const { t, duration } = useLanguage();
  const left = useCountdown(desktop.queue?.estimateSeconds, desktop.changed);
  if (!desktop.queue) return null;
  const { position, length } = desktop.queue;
  return (
    <div className="oriel-queue" role="status">
      <span className="oriel-queue__place">{position}</span>
      <span>
        <strong>{position === 1 ? t('queue.next') : t('queue.place', { position, length })}</strong>
        <br />
        <span className="oriel-subtle">
          {left === undefined ? t('queue.noEstimate') : t('queue.estimate', { time: duration(left) })}
        </span>
      </span>
    </div>
  );
}
