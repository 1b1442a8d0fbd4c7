import { Link } from 'react-router';
import type { Grant } from '../../api/types';
import { useLanguage } from '../../i18n/language';

/** Where a role holds, with a link to it. */
export function GrantScope({ grant }: { grant: Pick<Grant, 'scope' | 'scopeId'> }) {
  const { t } = useLanguage();
  switch (grant.scope) {
    case 'all':
      return t('grants.scope.all');
    case 'pool':
      return (
        <>
          {t('sessions.pool')} <Link to={`/admin/pools/${encodeURIComponent(grant.scopeId ?? '')}`}>{grant.scopeId}</Link>
        </>
      );
    case 'image':
      return (
        <>
          {t('pools.image')} <Link to="/admin/images">{grant.scopeId}</Link>
        </>
      );
  }
}
