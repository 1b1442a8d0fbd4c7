import { Label } from '@patternfly/react-core';
import { useState } from 'react';
import type { User } from '../../api/types';
import { useLanguage } from '../../i18n/language';

export function isLocked(user: Pick<User, 'lockedUntil'>, now: number): boolean {
  return user.lockedUntil !== undefined && Date.parse(user.lockedUntil) > now;
}

export function UserState({ user }: { user: Pick<User, 'enabled' | 'lockedUntil'> }) {
  const { t } = useLanguage();
  const [now] = useState(Date.now);
  if (!user.enabled) return <Label isCompact>{t('users.disabled')}</Label>;
  if (isLocked(user, now)) {
    return (
      <Label isCompact status="warning">
        {t('users.locked')}
      </Label>
    );
  }
  return (
    <Label isCompact status="success">
      {t('users.active')}
    </Label>
  );
}
