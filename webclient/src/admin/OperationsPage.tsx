import { FormSelect, FormSelectOption } from '@patternfly/react-core';
import { useSearchParams } from 'react-router';
import type { Operation } from '../api/types';
import { useLanguage } from '../i18n/language';
import { AdminPage } from './AdminPage';
import { OperationsTable } from './OperationsTable';

const STATES = ['PENDING', 'RUNNING', 'DONE', 'FAILED', 'CANCELLED'] as const satisfies readonly Operation['state'][];

export function OperationsPage() {
  const { t } = useLanguage();
  const [params, setParams] = useSearchParams();
  const state = STATES.find((candidate) => candidate === params.get('state'));

  return (
    <AdminPage
      title={t('admin.operations')}
      tools={
        <FormSelect
          aria-label={t('operations.state')}
          value={state ?? ''}
          onChange={(_, value) => setParams(value ? { state: value } : {}, { replace: true })}
        >
          <FormSelectOption value="" label={t('operations.anyState')} />
          {STATES.map((value) => (
            <FormSelectOption key={value} value={value} label={t(`operations.state.${value}`)} />
          ))}
        </FormSelect>
      }
    >
      <OperationsTable filter={state ? { state } : {}} />
    </AdminPage>
  );
}
