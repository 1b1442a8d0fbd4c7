import { Label, Progress, type LabelProps } from '@patternfly/react-core';
import { useQueryClient } from '@tanstack/react-query';
import { Link } from 'react-router';
import type { Operation } from '../api/types';
import { useToasts } from '../app/toasts';
import { useLanguage } from '../i18n/language';
import { hasRight, useMe } from '../identity/identity';
import { cancelOperation, operations, retryOperation, type OperationFilter } from './api';
import { DataTable } from './DataTable';
import type { MenuItem } from './RowMenu';
import { usePages } from './usePages';

const STATUS: Record<Operation['state'], Pick<LabelProps, 'status' | 'color'>> = {
  PENDING: { color: 'grey' },
  RUNNING: { status: 'info' },
  DONE: { status: 'success' },
  FAILED: { status: 'danger' },
  CANCELLED: { color: 'grey' },
};

/** What the broker does and did to machines, live. */
export function OperationsTable({ filter }: { filter: OperationFilter }) {
  const { t, date, duration } = useLanguage();
  const me = useMe();
  const client = useQueryClient();
  const toasts = useToasts();
  const pages = usePages(['operation', filter], (cursor) => operations(filter, cursor));

  const retry = (operation: Operation): void =>
    void retryOperation(operation.id).then(() => {
      toasts.success(t('operations.retried', { machine: operation.machine || (operation.image ?? '') }));
      return client.invalidateQueries({ queryKey: ['operation'] });
    }, toasts.failed);

  const cancel = (operation: Operation): void =>
    void cancelOperation(operation.id).then(() => {
      toasts.success(t('operations.cancelled'));
      return client.invalidateQueries({ queryKey: ['operation'] });
    }, toasts.failed);

  const actions = (operation: Operation): MenuItem[] => {
    switch (operation.state) {
      case 'RUNNING':
        return [{ title: t('operations.cancel'), onClick: () => cancel(operation) }];
      case 'PENDING':
        return [
          { title: t('operations.retry'), onClick: () => retry(operation) },
          { title: t('operations.cancel'), onClick: () => cancel(operation) },
        ];
      case 'FAILED':
        return [{ title: t('operations.retry'), onClick: () => retry(operation) }];
      case 'DONE':
      case 'CANCELLED':
        return [];
    }
  };

  return (
    <DataTable
      label={t('admin.operations')}
      pages={pages}
      rowKey={(operation) => operation.id}
      rowName={(operation) => operation.machine || (operation.image ?? '')}
      empty={t('operations.empty')}
      {...(hasRight(me, 'operation.manage') && { actions })}
      columns={[
        { title: t('operations.kind'), cell: (operation) => t(`operations.kind.${operation.kind}`) },
        {
          title: t('sessions.machine'),
          cell: (operation) =>
            operation.machine ? (
              <Link to={`/admin/machines/${operation.machine}`}>{operation.machine}</Link>
            ) : (
              <Link to="/admin/images">{operation.image}</Link>
            ),
        },
        {
          title: t('operations.state'),
          cell: (operation) => (
            <>
              <Label isCompact {...STATUS[operation.state]}>
                {t(`operations.state.${operation.state}`)}
              </Label>
              {operation.state === 'RUNNING' && (
                <Progress
                  value={operation.progress}
                  size="sm"
                  {...(operation.step ? { title: operation.step } : { 'aria-label': t('operations.progress') })}
                />
              )}
              {operation.failure && <div className="oriel-failure">{operation.failure}</div>}
              {operation.nextAttempt && operation.state === 'PENDING' && (
                <div className="oriel-subtle">{t('operations.next', { time: date(operation.nextAttempt) })}</div>
              )}
            </>
          ),
        },
        { title: t('operations.attempt'), cell: (operation) => operation.attempt },
        { title: t('operations.created'), cell: (operation) => date(operation.created) },
        {
          title: t('operations.took'),
          cell: (operation) =>
            operation.finished ? duration((Date.parse(operation.finished) - Date.parse(operation.created)) / 1000) : '–',
        },
      ]}
    />
  );
}
