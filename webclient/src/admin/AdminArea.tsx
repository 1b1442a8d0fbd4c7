import { Nav, NavItem, NavList } from '@patternfly/react-core';
import { Link, Navigate, Route, Routes, useLocation } from 'react-router';
import type { Me, Right } from '../api/types';
import { NotFoundPage } from '../app/NotFoundPage';
import { Shell } from '../app/Shell';
import { useLanguage } from '../i18n/language';
import { hasRight, useMe } from '../identity/identity';
import { AuditPage } from './AuditPage';
import { ImagesPage } from './ImagesPage';
import { PoolPage } from './PoolPage';
import { PoolsPage } from './PoolsPage';
import { SessionsPage } from './SessionsPage';
import { UsersPage } from './UsersPage';
import './admin.css';

const AREAS = [
  { path: 'pools', right: 'pool.read', page: <PoolsPage /> },
  { path: 'sessions', right: 'session.read', page: <SessionsPage /> },
  { path: 'users', right: 'user.read', page: <UsersPage /> },
  { path: 'images', right: 'image.read', page: <ImagesPage /> },
  { path: 'audit', right: 'audit.read', page: <AuditPage /> },
] as const satisfies readonly { path: string; right: Right; page: unknown }[];

function areasOf(me: Me) {
  return AREAS.filter((area) => hasRight(me, area.right));
}

export default function AdminArea() {
  const me = useMe();
  const areas = areasOf(me);
  const first = areas[0]?.path;
  return (
    <Shell subnav={<AdminNav />}>
      <Routes>
        {first && <Route index element={<Navigate to={first} replace />} />}
        {areas.map((area) => (
          <Route key={area.path} path={area.path} element={area.page} />
        ))}
        {hasRight(me, 'pool.read') && <Route path="pools/:poolId" element={<PoolPage />} />}
        <Route path="*" element={<NotFoundPage />} />
      </Routes>
    </Shell>
  );
}

function AdminNav() {
  const { t } = useLanguage();
  const { pathname } = useLocation();
  return (
    <Nav variant="horizontal-subnav" aria-label={t('admin.title')}>
      <NavList>
        {areasOf(useMe()).map(({ path }) => {
          const active = pathname.startsWith(`/admin/${path}`);
          return (
            <NavItem key={path} itemId={path} isActive={active}>
              <Link to={`/admin/${path}`} aria-current={active ? 'page' : undefined}>
                {t(`admin.${path}`)}
              </Link>
            </NavItem>
          );
        })}
      </NavList>
    </Nav>
  );
}
