import { useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { ConfirmDialog, type Confirmation } from '../app/ConfirmDialog';
import { useToasts } from '../app/toasts';
import { useLanguage } from '../i18n/language';
import { discardMaintenance, startMaintenance, type MaintenanceMachine } from './api';
import { SealDialog } from './SealDialog';

interface Actions {
  start: () => void;
  seal: () => void;
  discard: () => void;
  /** A question is open. */
  busy: boolean;
  /** To be shown by the page. */
  dialogs: ReactNode;
}

/** What can be done with a maintenance machine, with the questions that go before. */
export function useMaintenanceActions(machine: Pick<MaintenanceMachine, 'image' | 'baseVersion'>, closed?: () => void): Actions {
  const { t } = useLanguage();
  const client = useQueryClient();
  const toasts = useToasts();
  const [ask, setAsk] = useState<Confirmation>();
  const [sealing, setSealing] = useState(false);
  const changed = (): Promise<void> => client.invalidateQueries({ queryKey: ['image'] });
  const { image, baseVersion } = machine;
  return {
    start: () => void startMaintenance(image).then(changed, toasts.failed),
    seal: () => setSealing(true),
    discard: () =>
      setAsk({
        title: t('maintenance.discard.title'),
        text: t('maintenance.discard.text', { version: baseVersion }),
        confirm: t('maintenance.discard'),
        destructive: true,
        act: () => discardMaintenance(image).then(changed),
      }),
    busy: ask !== undefined || sealing,
    dialogs: (
      <>
        {sealing && (
          <SealDialog
            image={image}
            close={() => {
              setSealing(false);
              closed?.();
            }}
          />
        )}
        {ask && (
          <ConfirmDialog
            ask={ask}
            close={() => {
              setAsk(undefined);
              closed?.();
            }}
          />
        )}
      </>
    ),
  };
}
