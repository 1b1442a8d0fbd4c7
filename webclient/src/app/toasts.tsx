import { Alert, AlertActionCloseButton, AlertGroup } from '@patternfly/react-core';
import { createContext, use, useCallback, useMemo, useState, type ReactNode } from 'react';
import { asFailure } from '../api/failure';
import { useLanguage } from '../i18n/language';
import { explain } from './explain';

interface Toast {
  id: number;
  variant: 'success' | 'info' | 'warning' | 'danger';
  title: string;
  text?: string;
}

interface Toasts {
  success: (title: string) => void;
  failed: (error: unknown) => void;
  /** Stays until it is closed. */
  note: (title: string, text: string) => void;
  warning: (title: string, text: string) => void;
}

const Context = createContext<Toasts>({
  success: () => undefined,
  failed: () => undefined,
  note: () => undefined,
  warning: () => undefined,
});
const GONE_AFTER_MS = 6_000;
const MOST = 4;

let lastId = 0;

export function ToastProvider({ children }: { children: ReactNode }) {
  const language = useLanguage();
  const [toasts, setToasts] = useState<Toast[]>([]);
  const add = useCallback((toast: Omit<Toast, 'id'>) => {
    setToasts((before) => [...before.slice(1 - MOST), { ...toast, id: ++lastId }]);
  }, []);
  const remove = (id: number): void => setToasts((before) => before.filter((toast) => toast.id !== id));

  const actions = useMemo<Toasts>(
    () => ({
      success: (title) => add({ variant: 'success', title }),
      failed: (error) => {
        const { title, help } = explain(asFailure(error), language);
        add({ variant: 'danger', title, text: help });
      },
      note: (title, text) => add({ variant: 'info', title, text }),
      warning: (title, text) => add({ variant: 'warning', title, text }),
    }),
    [add, language],
  );

  return (
    <Context value={actions}>
      {children}
      <AlertGroup isToast isLiveRegion>
        {toasts.map((toast) => (
          <Alert
            key={toast.id}
            variant={toast.variant}
            component="p"
            title={toast.title}
            // Whatever has to be read stays until it was.
            timeout={toast.variant === 'success' ? GONE_AFTER_MS : false}
            onTimeout={() => remove(toast.id)}
            actionClose={<AlertActionCloseButton onClose={() => remove(toast.id)} />}
          >
            {toast.text}
          </Alert>
        ))}
      </AlertGroup>
    </Context>
  );
}

export function useToasts(): Toasts {
  return use(Context);
}
