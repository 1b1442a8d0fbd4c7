import { Breadcrumb, BreadcrumbItem, Card, CardBody, CardTitle } from '@patternfly/react-core';
import { Link, useParams } from 'react-router';
import { useLanguage } from '../../i18n/language';
import { hasRight, useMe } from '../../identity/identity';
import { AdminPage } from '../AdminPage';
import { VirtualTable } from '../VirtualTable';
import { AccessCard } from './AccessCard';
import { GrantsCard } from './GrantsCard';
import { useGroups } from './useGroups';
import { UserState } from './UserState';

/** One group: who is in it, what they may use by it, and its roles. */
export function GroupPage() {
  const { t } = useLanguage();
  const { groupName = '' } = useParams();
  const me = useMe();
  const { groups } = useGroups();
  const members = groups && (groups.find(({ name }) => name === groupName)?.members ?? []);
  return (
    <AdminPage
      title={groupName}
      crumbs={
        <Breadcrumb className="oriel-admin__crumbs">
          <BreadcrumbItem render={({ className }) => <Link className={className} to="/admin/groups">{t('admin.groups')}</Link>} />
          <BreadcrumbItem isActive>{groupName}</BreadcrumbItem>
        </Breadcrumb>
      }
    >
      <div className="oriel-admin__grid">
        {hasRight(me, 'pool.read') && <AccessCard subject={{ kind: 'group', name: groupName }} />}
        {hasRight(me, 'role.read') && <GrantsCard subject={{ kind: 'group', name: groupName }} />}
        <Card className="oriel-admin__wide">
          <CardTitle component="h2">{t('groups.members')}</CardTitle>
          <CardBody>
            <VirtualTable
              label={t('groups.members')}
              rows={members}
              rowKey={(user) => user.username}
              empty={t('groups.empty')}
              columns={[
                {
                  id: 'name',
                  title: t('users.name'),
                  width: 'minmax(8rem, 2fr)',
                  cell: (user) => <Link to={`/admin/users/${encodeURIComponent(user.username)}`}>{user.displayName}</Link>,
                  sort: (user) => user.displayName,
                },
                { id: 'username', title: t('signIn.username'), width: 'minmax(6rem, 1fr)', cell: (user) => user.username, sort: (user) => user.username },
                { id: 'role', title: t('users.role'), width: 'minmax(6rem, 1fr)', cell: (user) => t(`role.${user.role}`), sort: (user) => user.role },
                { id: 'state', title: t('users.state'), width: 'minmax(6rem, 1fr)', cell: (user) => <UserState user={user} /> },
              ]}
              compact={(user) => (
                <>
                  <span>
                    <Link to={`/admin/users/${encodeURIComponent(user.username)}`}>{user.displayName}</Link> <span className="oriel-subtle">{user.username}</span>
                  </span>
                  <span>
                    <UserState user={user} /> <span className="oriel-subtle">{t(`role.${user.role}`)}</span>
                  </span>
                </>
              )}
            />
          </CardBody>
        </Card>
      </div>
    </AdminPage>
  );
}
