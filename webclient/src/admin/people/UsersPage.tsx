import { Button, SearchInput } from '@patternfly/react-core';
import { useQueryClient } from '@tanstack/react-query';
import { useDeferredValue, useState } from 'react';
import { Link } from 'react-router';
import { useToasts } from '../../app/toasts';
import { useLanguage } from '../../i18n/language';
import { hasRight, useMe } from '../../identity/identity';
import { AdminPage } from '../AdminPage';
import { users } from '../api';
import { DataTable } from '../DataTable';
import { usePages } from '../usePages';
import { CreateUserDialog } from './CreateUserDialog';
import { GroupLinks } from './GroupLinks';
import { UserState } from './UserState';
import { useUserActions } from './useUserActions';

export function UsersPage() {
  const { t, date } = useLanguage();
  const me = useMe();
  const client = useQueryClient();
  const toasts = useToasts();
  const [search, setSearch] = useState('');
  const q = useDeferredValue(search.trim());
  const [creating, setCreating] = useState(false);
  const { actions, showPassword, dialog } = useUserActions();
  const pages = usePages(['user', 'list', q], (cursor) => users(q, cursor));

  return (
    <AdminPage
      title={t('admin.users')}
      tools={
        <>
          <SearchInput
            aria-label={t('users.search')}
            placeholder={t('users.search')}
            value={search}
            onChange={(_, value) => setSearch(value)}
            onClear={() => setSearch('')}
            resetButtonLabel={t('action.clear')}
          />
          {hasRight(me, 'user.write') && <Button onClick={() => setCreating(true)}>{t('users.create')}</Button>}
        </>
      }
    >
      <DataTable
        label={t('admin.users')}
        pages={pages}
        rowKey={(user) => user.username}
        empty={t('users.empty')}
        actions={actions}
        columns={[
          {
            title: t('users.name'),
            cell: (user) => (
              <>
                <Link to={`/admin/users/${encodeURIComponent(user.username)}`}>{user.displayName}</Link>
                <br />
                <span className="oriel-subtle">{user.username}</span>
              </>
            ),
          },
          { title: t('users.role'), cell: (user) => t(`role.${user.role}`) },
          { title: t('users.groups'), cell: (user) => <GroupLinks groups={user.groups} /> },
          { title: t('users.state'), cell: (user) => <UserState user={user} /> },
          { title: t('users.lastLogin'), cell: (user) => (user.lastLogin ? date(user.lastLogin) : t('users.never')) },
        ]}
      />
      {creating && (
        <CreateUserDialog
          close={() => setCreating(false)}
          created={(username, password) => {
            setCreating(false);
            void client.invalidateQueries({ queryKey: ['user'] });
            if (password) showPassword(username, password);
            else toasts.success(t('users.created', { name: username }));
          }}
        />
      )}
      {dialog}
    </AdminPage>
  );
}
