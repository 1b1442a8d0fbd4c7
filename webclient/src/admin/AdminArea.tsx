import { Nav, NavGroup, NavItem, PageSidebar, PageSidebarBody } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import { Link, Navigate, Route, Routes, useLocation } from 'react-router';
import type { Me, Right } from '../api/types';
import { NotFoundPage } from '../app/NotFoundPage';
import { Shell } from '../app/Shell';
import { useLanguage } from '../i18n/language';
import { hasRight, useMe } from '../identity/identity';
import { AuditPage } from './audit/AuditPage';
import { EventLogProvider } from './events/EventLogProvider';
import { EventsPage } from './events/EventsPage';
import { DashboardPage } from './DashboardPage';
import { HostsPage } from './host/HostsPage';
import { ImagesPage } from './image/ImagesPage';
import { MachinePage } from './machine/MachinePage';
import { MachinesPage } from './machine/MachinesPage';
import { OperationsPage } from './OperationsPage';
import { PoolPage } from './pool/PoolPage';
import { PoolsPage } from './pool/PoolsPage';
import { PoolWizardPage } from './pool/PoolWizardPage';
import { SessionsPage } from './SessionsPage';
import { GroupPage } from './people/GroupPage';
import { GroupsPage } from './people/GroupsPage';
import { RolesPage } from './people/RolesPage';
import { UserPage } from './people/UserPage';
import { UsersPage } from './people/UsersPage';
import { PlayPage } from '../recordings/PlayPage';
import { RecordingsPage } from '../recordings/RecordingsPage';
import { ReportsPage } from './report/ReportsPage';
import { SettingsPage } from './SettingsPage';
import './admin.css';

interface Area {
  path: string;
  right: Right;
  page: ReactNode;
  /** Pages below it: the path after the area's, and the right it needs. */
  below?: readonly { path: string; right: Right; page: ReactNode }[];
}

const GROUPS = [
  { name: 'overview', areas: [{ path: 'dashboard', right: 'pool.read', page: <DashboardPage /> }] },
  {
    name: 'desktops',
    areas: [
      {
        path: 'pools',
        right: 'pool.read',
        page: <PoolsPage />,
        below: [
          { path: 'new', right: 'pool.write', page: <PoolWizardPage /> },
          { path: ':poolId/:tab?', right: 'pool.read', page: <PoolPage /> },
        ],
      },
      {
        path: 'machines',
        right: 'machine.read',
        page: <MachinesPage />,
        below: [{ path: ':machineName', right: 'machine.read', page: <MachinePage /> }],
      },
      { path: 'sessions', right: 'session.read', page: <SessionsPage /> },
      { path: 'hosts', right: 'machine.read', page: <HostsPage /> },
      { path: 'images', right: 'image.read', page: <ImagesPage /> },
    ],
  },
  {
    name: 'people',
    areas: [
      {
        path: 'users',
        right: 'user.read',
        page: <UsersPage />,
        below: [{ path: ':username', right: 'user.read', page: <UserPage /> }],
      },
      {
        path: 'groups',
        right: 'user.read',
        page: <GroupsPage />,
        below: [{ path: ':groupName', right: 'user.read', page: <GroupPage /> }],
      },
      { path: 'roles', right: 'role.read', page: <RolesPage /> },
    ],
  },
  {
    name: 'records',
    areas: [
      {
        path: 'reports',
        right: 'report.read',
        page: <ReportsPage />,
        below: [{ path: ':report', right: 'report.read', page: <ReportsPage /> }],
      },
      { path: 'operations', right: 'operation.read', page: <OperationsPage /> },
      { path: 'events', right: 'pool.read', page: <EventsPage /> },
      {
        path: 'recordings',
        right: 'recording.read',
        page: <RecordingsPage />,
        below: [{ path: ':recordingId', right: 'recording.read', page: <PlayPage /> }],
      },
      { path: 'audit', right: 'audit.read', page: <AuditPage /> },
      { path: 'settings', right: 'pool.read', page: <SettingsPage /> },
    ],
  },
] as const satisfies readonly { name: string; areas: readonly Area[] }[];

function groupsOf(me: Me) {
  return GROUPS.map((group) => ({
    name: group.name,
    areas: (group.areas as readonly (typeof group.areas)[number][]).filter((area) => hasRight(me, area.right)),
  })).filter((group) => group.areas.length > 0);
}

export default function AdminArea() {
  const me = useMe();
  const areas: readonly Area[] = groupsOf(me).flatMap((group) => group.areas);
  const first = areas[0]?.path;
  return (
    <Shell
      sidebar={
        <PageSidebar>
          <PageSidebarBody>
            <AdminNav />
          </PageSidebarBody>
        </PageSidebar>
      }
    >
      <EventLogProvider>
        <Routes>
          {first && <Route index element={<Navigate to={first} replace />} />}
          {areas.flatMap((area) => [
            <Route key={area.path} path={area.path} element={area.page} />,
            ...(area.below ?? [])
              .filter((page) => hasRight(me, page.right))
              .map((page) => <Route key={area.path + page.path} path={`${area.path}/${page.path}`} element={page.page} />),
          ])}
          <Route path="*" element={<NotFoundPage />} />
        </Routes>
      </EventLogProvider>
    </Shell>
  );
}

function AdminNav() {
  const { t } = useLanguage();
  const { pathname } = useLocation();
  return (
    <Nav aria-label={t('admin.title')}>
      {groupsOf(useMe()).map((group) => (
        <NavGroup key={group.name} title={t(`admin.group.${group.name}`)}>
          {group.areas.map(({ path }) => {
            const active = pathname.startsWith(`/admin/${path}`);
            return (
              <NavItem key={path} itemId={path} isActive={active}>
                <Link to={`/admin/${path}`} aria-current={active ? 'page' : undefined}>
                  {t(`admin.${path}`)}
                </Link>
              </NavItem>
            );
          })}
        </NavGroup>
      ))}
    </Nav>
  );
}
