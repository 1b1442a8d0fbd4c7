import { Breadcrumb, BreadcrumbItem, Card, CardBody, CardTitle, Skeleton } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from 'react-router';
import { asFailure } from '../../api/failure';
import { FailurePage } from '../../app/FailurePage';
import { useLanguage } from '../../i18n/language';
import { hasRight, isHelper, useMe } from '../../identity/identity';
import { AdminPage } from '../AdminPage';
import { user as readUser } from '../api';
import { Facts } from '../Facts';
import { RowMenu } from '../RowMenu';
import { AccessCard } from './AccessCard';
import { GrantsCard } from './GrantsCard';
import { GroupLinks } from './GroupLinks';
import { SignInsOfCard } from './SignInsOfCard';
import { UserState } from './UserState';
import { useUserActions } from './useUserActions';

/** One user: the account, what they may use, the roles they have and where, and where they are signed in. */
export function UserPage() {
  const { t, date } = useLanguage();
  const { username = '' } = useParams();
  const me = useMe();
  const navigate = useNavigate();
  const query = useQuery({ queryKey: ['user', 'one', username], queryFn: () => readUser(username) });
  const { actions, dialog } = useUserActions(() => void navigate('/admin/users'));
  const user = query.data;

  return (
    <AdminPage
      title={user?.displayName ?? username}
      crumbs={
        <Breadcrumb className="oriel-admin__crumbs">
          <BreadcrumbItem render={({ className }) => <Link className={className} to="/admin/users">{t('admin.users')}</Link>} />
          <BreadcrumbItem isActive>{username}</BreadcrumbItem>
        </Breadcrumb>
      }
      tools={user && <RowMenu name={user.displayName} items={actions(user)} />}
    >
      {query.error && !user ? (
        <FailurePage failure={asFailure(query.error)} retry={() => void query.refetch()} />
      ) : !user ? (
        <Skeleton height="20rem" screenreaderText={t('state.loading')} />
      ) : (
        <div className="oriel-admin__grid">
          <div className="oriel-admin__stack">
            <Card>
              <CardTitle component="h2">{t('users.account')}</CardTitle>
              <CardBody>
                <Facts
                  columns={2}
                  facts={[
                    [t('signIn.username'), user.username],
                    [t('users.state'), <UserState key="state" user={user} />],
                    [t('users.groups'), <GroupLinks key="groups" groups={user.groups} />],
                    [t('users.factor'), t(user.secondFactor ? 'users.factor.on' : 'users.factor.off')],
                    [t('users.issuer'), user.issuer],
                    [t('users.lastLogin'), user.lastLogin ? date(user.lastLogin) : t('users.never')],
                    [t('pools.created'), date(user.created)],
                    [t('helpdesk.title'), isHelper(me) && <Link key="helpdesk" to={`/helpdesk/${encodeURIComponent(user.username)}`}>{t('users.toHelpdesk')}</Link>],
                  ]}
                />
              </CardBody>
            </Card>
            <SignInsOfCard userId={user.id} />
          </div>
          <div className="oriel-admin__stack">
            {hasRight(me, 'pool.read') && <AccessCard subject={{ kind: 'user', name: user.username }} groups={user.groups} />}
            {hasRight(me, 'role.read') && (
              <GrantsCard subject={{ kind: 'user', name: user.username }} own={<p>{t('grants.own', { role: t(`role.${user.role}`) })}</p>} />
            )}
          </div>
        </div>
      )}
      {dialog}
    </AdminPage>
  );
}
