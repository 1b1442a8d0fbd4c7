import { Button, SearchInput } from '@patternfly/react-core';
import { useQueryClient } from '@tanstack/react-query';
import { useDeferredValue, useState } from 'react';
import type { User } from '../../api/types';
import { ConfirmDialog, type Confirmation } from '../../app/ConfirmDialog';
import { useToasts } from '../../app/toasts';
import { useLanguage } from '../../i18n/language';
import { hasRight, useMe } from '../../identity/identity';
import { AdminPage } from '../AdminPage';
import { deleteUser, resetPassword, unlockUser, updateUser, users } from '../api';
import { CreateUserDialog } from './CreateUserDialog';
import { DataTable } from '../DataTable';
import { EditUserDialog } from './EditUserDialog';
import { GeneratedPassword } from './GeneratedPassword';
import { usePages } from '../usePages';
import type { MenuItem } from '../RowMenu';
import { isLocked, UserState } from './UserState';

export function UsersPage() {
  const { t, date } = useLanguage();
  const me = useMe();
  const client = useQueryClient();
  const toasts = useToasts();
  const [search, setSearch] = useState('');
  const q = useDeferredValue(search.trim());
  const [creating, setCreating] = useState(false);
  const [ask, setAsk] = useState<Confirmation>();
  const [editing, setEditing] = useState<User>();
  const [generated, setGenerated] = useState<{ username: string; password: string }>();
  const pages = usePages(['user', q], (cursor) => users(q, cursor));
  const writes = hasRight(me, 'user.write');

  const refresh = (): void => void client.invalidateQueries({ queryKey: ['user'] });
  const run = (work: Promise<unknown>): void => void work.then(refresh, toasts.failed);

  const actions = (user: User): MenuItem[] => {
    const list: MenuItem[] = [];
    if (writes) list.push({ title: t('users.edit'), onClick: () => setEditing(user) });
    if (writes && user.enabled && user.id !== me.id) {
      list.push({
        title: t('users.disable'),
        onClick: () =>
          setAsk({
            title: t('users.disable.title', { name: user.username }),
            text: t('users.disable.text'),
            confirm: t('users.disable'),
            destructive: true,
            act: () => updateUser(user, { enabled: false }).then(refresh),
          }),
      });
    }
    if (writes && !user.enabled) {
      list.push({ title: t('users.enable'), onClick: () => run(updateUser(user, { enabled: true })) });
    }
    if (hasRight(me, 'user.unlock') && isLocked(user, Date.now())) {
      list.push({ title: t('users.unlock'), onClick: () => run(unlockUser(user.id)) });
    }
    if (writes && user.id !== me.id) {
      list.push(
        {
          title: t('users.reset'),
          onClick: () =>
            setAsk({
              title: t('users.reset.title', { name: user.username }),
              text: t('users.reset.text'),
              confirm: t('users.reset'),
              act: async () => {
                const { generatedPassword } = await resetPassword(user.id);
                if (generatedPassword) setGenerated({ username: user.username, password: generatedPassword });
              },
            }),
        },
        { isSeparator: true },
        {
          title: t('users.delete'),
          isDanger: true,
          onClick: () =>
            setAsk({
              title: t('users.delete.title', { name: user.username }),
              text: t('users.delete.text'),
              confirm: t('users.delete'),
              destructive: true,
              act: () => deleteUser(user.id).then(refresh),
            }),
        },
      );
    }
    return list;
  };

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
          {writes && <Button onClick={() => setCreating(true)}>{t('users.create')}</Button>}
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
                <strong>{user.displayName}</strong>
                <br />
                <span className="oriel-subtle">{user.username}</span>
              </>
            ),
          },
          { title: t('users.role'), cell: (user) => t(`role.${user.role}`) },
          { title: t('users.groups'), cell: (user) => user.groups.join(', ') || '–' },
          { title: t('users.state'), cell: (user) => <UserState user={user} /> },
          { title: t('users.lastLogin'), cell: (user) => (user.lastLogin ? date(user.lastLogin) : t('users.never')) },
        ]}
      />
      {creating && (
        <CreateUserDialog
          close={() => setCreating(false)}
          created={(username, password) => {
            setCreating(false);
            refresh();
            if (password) setGenerated({ username, password });
            else toasts.success(t('users.created', { name: username }));
          }}
        />
      )}
      {editing && (
        <EditUserDialog
          user={editing}
          close={() => setEditing(undefined)}
          saved={() => {
            setEditing(undefined);
            refresh();
            toasts.success(t('users.saved', { name: editing.username }));
          }}
        />
      )}
      {ask && <ConfirmDialog ask={ask} close={() => setAsk(undefined)} />}
      {generated && !ask && <GeneratedPassword {...generated} close={() => setGenerated(undefined)} />}
    </AdminPage>
  );
}
