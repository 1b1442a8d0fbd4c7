import { Label, type LabelProps } from '@patternfly/react-core';
import { useQueryClient } from '@tanstack/react-query';
import { Link } from 'react-router';
import type { Operation } from '../api/types';
import { useToasts } from '../app/toasts';
import { useLanguage } from '../i18n/language';
import { hasRight, useMe } from '../identity/identity';
import { operations, retryOperation, type OperationFilter } from './api';
import { DataTable } from './DataTable';
import { usePages } from './usePages';

const STATUS: Record<Operation['state'], Pick<LabelProps, 'status' | 'color'>> = {
  PENDING: { color: 'grey' },
  RUNNING: { status: 'info' },
  DONE: { status: 'success' },
  FAILED: { status: 'danger' },
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
      toasts.success(t('operations.retried', { machine: operation.machine }));
      return client.invalidateQueries({ queryKey: ['operation'] });
    }, toasts.failed);

  return (
    <DataTable
      label={t('admin.operations')}
      pages={pages}
      rowKey={(operation) => operation.id}
      rowName={(operation) => operation.machine}
      empty={t('operations.empty')}
      {...(hasRight(me, 'operation.manage') && {
        actions: (operation: Operation) =>
          operation.state === 'FAILED' || (operation.state === 'PENDING' && operation.nextAttempt !== undefined)
            ? [{ title: t('operations.retry'), onClick: () => retry(operation) }]
            : [],
      })}
      columns={[
        { title: t('operations.kind'), cell: (operation) => t(`operations.kind.${operation.kind}`) },
        {
          title: t('sessions.machine'),
          cell: (operation) => <Link to={`/admin/machines/${operation.machine}`}>{operation.machine}</Link>,
        },
        {
          title: t('operations.state'),
          cell: (operation) => (
            <>
              <Label isCompact {...STATUS[operation.state]}>
                {t(`operations.state.${operation.state}`)}
              </Label>
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
