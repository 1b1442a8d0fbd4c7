import type { Pool } from '../../api/types';
import { useLanguage } from '../../i18n/language';

const PARTS = ['inUse', 'available', 'starting', 'dirty', 'error'] as const;

/** A pool's machines as a bar of its size, and in words. */
export function Capacity({ pool }: { pool: Pool }) {
  const { t } = useLanguage();
  const { counts, size } = pool;
  const whole = Math.max(size, counts.machines, 1);
  const words = PARTS.filter((part) => part === 'inUse' || part === 'available' || counts[part] > 0)
    .map((part) => t(`pools.count.${part}`, { count: counts[part] }))
    .join(', ');
  return (
    <div className="oriel-capacity">
      <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" className="oriel-capacity__bar">
        {PARTS.map((part, i) => {
          const before = PARTS.slice(0, i).reduce((sum, other) => sum + counts[other], 0);
          return (
            <rect
              key={part}
              data-part={part}
              x={(100 * before) / whole}
              width={(100 * counts[part]) / whole}
              height="8"
            />
          );
        })}
      </svg>
      <span>{t('pools.ofSize', { words, size })}</span>
    </div>
  );
}
