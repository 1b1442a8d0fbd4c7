import { Alert, Button, Label, SearchInput } from '@patternfly/react-core';
import { useMutation } from '@tanstack/react-query';
import { useDeferredValue, useState } from 'react';
import { asFailure } from '../../api/failure';
import { FailureAlert } from '../../app/FailureAlert';
import { useLanguage } from '../../i18n/language';
import { AdminPage } from '../AdminPage';
import { audit, verifyAudit } from '../api';
import { OUTCOME } from './auditOutcome';
import { DataTable } from '../DataTable';
import { usePages } from '../usePages';

export function AuditPage() {
  const { t, n, date } = useLanguage();
  const [actor, setActor] = useState('');
  const [action, setAction] = useState('');
  const filter = useDeferredValue(`${actor.trim()}\n${action.trim()}`);
  const [wantedActor = '', wantedAction = ''] = filter.split('\n');
  const pages = usePages(['audit', wantedActor, wantedAction], (cursor) =>
    audit({ actor: wantedActor, action: wantedAction }, cursor),
  );
  const check = useMutation({ mutationFn: verifyAudit });

  return (
    <AdminPage
      title={t('admin.audit')}
      tools={
        <>
          <SearchInput
            aria-label={t('audit.actor')}
            placeholder={t('audit.actor')}
            value={actor}
            onChange={(_, value) => setActor(value)}
            onClear={() => setActor('')}
            resetButtonLabel={t('action.clear')}
          />
          <SearchInput
            aria-label={t('audit.action')}
            placeholder={t('audit.action')}
            value={action}
            onChange={(_, value) => setAction(value)}
            onClear={() => setAction('')}
            resetButtonLabel={t('action.clear')}
          />
          <Button variant="secondary" onClick={pages.retry}>
            {t('action.refresh')}
          </Button>
          <Button variant="secondary" isLoading={check.isPending} isDisabled={check.isPending} onClick={() => check.mutate()}>
            {t('audit.verify')}
          </Button>
        </>
      }
    >
      <div role="status" className="oriel-admin__note">
        {check.error && <FailureAlert failure={asFailure(check.error)} />}
        {check.data && (
          <Alert
            isInline
            component="p"
            variant={check.data.intact ? 'success' : 'danger'}
            title={
              check.data.intact
                ? n('audit.intact', check.data.records)
                : t('audit.broken', { record: check.data.firstBroken ?? '?' })
            }
          />
        )}
      </div>
      <DataTable
        label={t('admin.audit')}
        pages={pages}
        rowKey={(record) => String(record.sequence)}
        empty={t('audit.empty')}
        columns={[
          { title: t('audit.time'), cell: (record) => date(record.time) },
          { title: t('audit.actor'), cell: (record) => record.actor },
          { title: t('audit.action'), cell: (record) => record.action },
          { title: t('audit.target'), cell: (record) => record.target },
          {
            title: t('audit.outcome'),
            cell: (record) => (
              <Label isCompact status={OUTCOME[record.outcome]}>
                {t(`audit.outcome.${record.outcome}`)}
              </Label>
            ),
          },
          { title: t('audit.address'), cell: (record) => record.address ?? '–' },
          { title: t('audit.detail'), cell: (record) => record.detail ?? '–' },
        ]}
      />
    </AdminPage>
  );
}
