import { useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import type { Machine } from '../../api/types';
import { ConfirmDialog, type Confirmation } from '../../app/ConfirmDialog';
import { useToasts } from '../../app/toasts';
import { useLanguage } from '../../i18n/language';
import { hasRight, useMe } from '../../identity/identity';
import { ScreenDialog } from '../../machines/ScreenDialog';
import type { MenuItem } from '../RowMenu';
import { maintainMachine, refreshMachine, restartMachine } from '../api';

interface MachineActions {
  /** Undefined for people who may neither act on machines nor see their screens. */
  actions: ((machine: Machine) => MenuItem[]) | undefined;
  /** To be put on the page: the question that is open, if any. */
  dialog: ReactNode;
}

/** What can be done with a machine, with the questions that belong to it. */
export function useMachineActions(): MachineActions {
  const { t } = useLanguage();
  const me = useMe();
  const client = useQueryClient();
  const toasts = useToasts();
  const [ask, setAsk] = useState<Confirmation>();
  const [looking, setLooking] = useState<Machine>();
  const sees = hasRight(me, 'machine.screen');
  const refresh = (): void => void client.invalidateQueries({ queryKey: ['machine'] });

  const maintain = (machine: Machine, enabled: boolean): void =>
    void maintainMachine(machine.name, enabled).then(() => {
      refresh();
      toasts.success(t(enabled ? 'machines.maintained' : 'machines.isBack', { name: machine.name }));
    }, toasts.failed);

  const look = (machine: Machine): MenuItem[] =>
    sees && machine.power === 'ON' ? [{ title: t('screen.open'), onClick: () => setLooking(machine) }] : [];

  const actions = (machine: Machine): MenuItem[] => {
    const aside = machine.lifecycle === 'MAINTENANCE' || machine.lifecycle === 'DRAINING';
    const inUse = machine.username !== undefined;
    return [
      ...look(machine),
      {
        title: t('machines.restart'),
        onClick: () =>
          setAsk({
            title: t('restart.title', { name: machine.name }),
            text: inUse ? t('machines.restart.inUse', { user: machine.username ?? '' }) : t('restart.text'),
            confirm: t('machines.restart'),
            destructive: true,
            act: () => restartMachine(machine.name).then(refresh),
          }),
      },
      {
        title: t(aside ? 'machines.back' : 'machines.maintain'),
        onClick: () => maintain(machine, !aside),
      },
      {
        title: t('machines.refresh'),
        isDanger: true,
        isAriaDisabled: inUse,
        ...(inUse && { description: t('machines.refresh.inUse') }),
        onClick: () =>
          setAsk({
            title: t('machines.refresh.title', { name: machine.name }),
            text: t('machines.refresh.text'),
            confirm: t('machines.refresh'),
            destructive: true,
            act: () => refreshMachine(machine.name).then(refresh),
          }),
      },
    ];
  };

  return {
    actions: hasRight(me, 'machine.manage') ? actions : sees ? look : undefined,
    dialog: (
      <>
        {ask && <ConfirmDialog ask={ask} close={() => setAsk(undefined)} />}
        {looking && <ScreenDialog machine={looking} close={() => setLooking(undefined)} />}
      </>
    ),
  };
}
