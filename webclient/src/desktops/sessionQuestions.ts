import { useQueryClient } from '@tanstack/react-query';
import { useMemo } from 'react';
import { logoff, restartDesktop } from '../api/portal';
import type { Confirmation } from '../app/ConfirmDialog';
import { DESKTOPS } from '../app/live';
import { useToasts } from '../app/toasts';
import { useLanguage } from '../i18n/language';

interface SessionQuestions {
  logOff: (name: string, sessionId: string, done?: () => void) => Confirmation;
  restart: (name: string, sessionId: string, done?: () => void) => Confirmation;
}

/** The questions before what can't be undone, same on the card and in the viewer. */
export function useSessionQuestions(): SessionQuestions {
  const { t } = useLanguage();
  const toasts = useToasts();
  const client = useQueryClient();
  return useMemo(
    () => ({
      logOff: (name, sessionId, done) => ({
        title: t('logOff.title', { name }),
        text: t('logOff.text'),
        confirm: t('desktop.logOff'),
        destructive: true,
        act: async () => {
          await logoff(sessionId);
          void client.invalidateQueries({ queryKey: DESKTOPS });
          toasts.success(t('logOff.done', { name }));
          done?.();
        },
      }),
      restart: (name, sessionId, done) => ({
        title: t('restart.title', { name }),
        text: t('restart.text'),
        confirm: t('desktop.restart'),
        destructive: true,
        act: async () => {
          await restartDesktop(sessionId);
          void client.invalidateQueries({ queryKey: DESKTOPS });
          toasts.success(t('restart.done', { name }));
          done?.();
        },
      }),
    }),
    [client, t, toasts],
  );
}
