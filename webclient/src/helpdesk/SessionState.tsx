import { Label, type LabelProps } from '@patternfly/react-core';
import type { Session } from '../api/types';
import { useLanguage } from '../i18n/language';

const STATE: Record<Session['state'], Pick<LabelProps, 'status' | 'color'>> = {
  PENDING: { status: 'info' },
  CONNECTED: { status: 'success' },
  DISCONNECTED: { color: 'blue' },
  ENDED: {},
};

export function SessionState({ session }: { session: Pick<Session, 'state'> }) {
  const { t } = useLanguage();
  return (
    <Label isCompact {...STATE[session.state]}>
      {t(`sessions.state.${session.state}`)}
    </Label>
  );
}
