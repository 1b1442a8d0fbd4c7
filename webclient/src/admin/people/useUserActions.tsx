import { useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import type { User } from '../../api/types';
import { ConfirmDialog, type Confirmation } from '../../app/ConfirmDialog';
import { useToasts } from '../../app/toasts';
import { useLanguage } from '../../i18n/language';
import { hasRight, useMe } from '../../identity/identity';
import { deleteUser, removeSecondFactorOf, resetPassword, unlockUser, updateUser } from '../api';
import type { MenuItem } from '../RowMenu';
import { EditUserDialog } from './EditUserDialog';
import { GeneratedPassword } from './GeneratedPassword';
import { isLocked } from './UserState';

interface UserActions {
  actions: (user: User) => MenuItem[];
  /** Shows a password that was generated just now. */
  showPassword: (username: string, password: string) => void;
  /** To be put on the page. */
  dialog: ReactNode;
}

/** What can be done with a user, with the questions that belong to it. */
export function useUserActions(deleted?: () => void): UserActions {
  const { t } = useLanguage();
  const me = useMe();
  const client = useQueryClient();
  const toasts = useToasts();
  const [ask, setAsk] = useState<Confirmation>();
  const [editing, setEditing] = useState<User>();
  const [generated, setGenerated] = useState<{ username: string; password: string }>();
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
    if (writes && user.secondFactor) {
      list.push({
        title: t('users.factor.remove'),
        onClick: () =>
          setAsk({
            title: t('users.factor.remove.title', { name: user.username }),
            text: t('users.factor.remove.text'),
            confirm: t('users.factor.remove'),
            destructive: true,
            act: () => removeSecondFactorOf(user.id).then(refresh),
          }),
      });
    }
    if (writes && user.id !== me.id) {
      if (!user.issuer) {
        list.push({
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
        });
      }
      list.push(
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
              act: async () => {
                await deleteUser(user.id);
                refresh();
                deleted?.();
              },
            }),
        },
      );
    }
    return list;
  };

  return {
    actions,
    showPassword: (username, password) => setGenerated({ username, password }),
    dialog: (
      <>
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
      </>
    ),
  };
}
