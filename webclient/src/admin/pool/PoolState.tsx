import { Label } from '@patternfly/react-core';
import type { Pool } from '../../api/types';
import { useLanguage } from '../../i18n/language';

const STATUS: Partial<Record<Pool['state'], 'success' | 'warning'>> = { ACTIVE: 'success', RESTRAINED: 'warning' };

export function PoolState({ pool }: { pool: Pick<Pool, 'state'> }) {
  const { t } = useLanguage();
  const status = STATUS[pool.state];
  return (
    <Label isCompact {...(status && { status })}>
      {t(`pools.state.${pool.state}`)}
    </Label>
  );
}
