import { Alert, AlertActionLink, Button, Progress, ProgressSize } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from 'react-router';
import { cancelOperation, operations } from '../admin/api';
import { useToasts } from '../app/toasts';
import { useLanguage } from '../i18n/language';
import type { MaintenanceMachine } from './api';
import { useMaintenanceActions } from './useMaintenanceActions';

/** That an image is edited now: by whom, how far it is, and what can be done. */
export function MaintenanceNote({ machine, writes }: { machine: MaintenanceMachine; writes: boolean }) {
  const { t, date } = useLanguage();
  const navigate = useNavigate();
  const actions = useMaintenanceActions(machine);
  const { state, baseVersion, openedBy, created, failure } = machine;
  const open = (): void => void navigate(`/images/${encodeURIComponent(machine.image)}/edit`);
  return (
    <Alert
      isInline
      className="oriel-maintenance"
      data-maintenance={state}
      variant={failure ? 'warning' : 'info'}
      component="h3"
      title={t(`maintenance.state.${state}`, { version: baseVersion, to: machine.sealTo ?? '' })}
      actionLinks={
        writes && (
          <>
            {state === 'RUNNING' && <AlertActionLink onClick={open}>{t('maintenance.open')}</AlertActionLink>}
            {state === 'OFF' && <AlertActionLink onClick={actions.start}>{t('maintenance.start')}</AlertActionLink>}
            {(state === 'RUNNING' || state === 'OFF') && <AlertActionLink onClick={actions.seal}>{t('maintenance.seal')}</AlertActionLink>}
            {(state === 'RUNNING' || state === 'OFF' || state === 'STARTING') && (
              <AlertActionLink isDanger onClick={actions.discard}>
                {t('maintenance.discard')}
              </AlertActionLink>
            )}
          </>
        )
      }
    >
      <p>{t('maintenance.by', { name: openedBy, time: date(created) })}</p>
      {failure && <p className="oriel-failure">{failure}</p>}
      {state === 'SEALING' && <SealProgress machine={machine.machine} />}
      {actions.dialogs}
    </Alert>
  );
}

/** How far sealing is, in the broker's words. */
export function SealProgress({ machine }: { machine: string }) {
  const { t } = useLanguage();
  const toasts = useToasts();
  const query = useQuery({ queryKey: ['operation', 'of', machine], queryFn: () => operations({ machine }) });
  const operation = query.data?.items.find(({ kind }) => kind === 'SEAL');
  if (!operation || (operation.state !== 'RUNNING' && operation.state !== 'PENDING')) return null;
  return (
    <>
      <Progress
        size={ProgressSize.sm}
        value={operation.progress}
        title={operation.failure ?? operation.step ?? t('maintenance.sealing')}
        aria-label={t('maintenance.sealing')}
      />
      <Button variant="link" isInline onClick={() => void cancelOperation(operation.id).catch(toasts.failed)}>
        {t('maintenance.seal.cancel')}
      </Button>
    </>
  );
}
