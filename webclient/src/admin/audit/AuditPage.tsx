import { Alert, Button, FormSelect, FormSelectOption, Label, Popover, TextInput } from '@patternfly/react-core';
import { InfoCircleIcon } from '@patternfly/react-icons';
import { useMutation } from '@tanstack/react-query';
import { useDeferredValue } from 'react';
import { Link, useSearchParams } from 'react-router';
import { asFailure } from '../../api/failure';
import { FailureAlert } from '../../app/FailureAlert';
import { useLanguage } from '../../i18n/language';
import { hasRight, useMe } from '../../identity/identity';
import { AdminPage } from '../AdminPage';
import { audit, verifyAudit } from '../api';
import { DataTable } from '../DataTable';
import { Facts } from '../Facts';
import { usePages } from '../usePages';
import { OUTCOME } from './auditOutcome';
import { ExportMenu } from './ExportMenu';
import { auditQuery, filterFrom, OUTCOMES, TEXTS } from './filter';

/** The trail of acts. Its filters are in the address, so that a finding can be handed on. */
export function AuditPage() {
  const { t, n, date } = useLanguage();
  const me = useMe();
  const [params, setParams] = useSearchParams();
  const filter = filterFrom(params);
  const query = auditQuery(useDeferredValue(filter));
  const pages = usePages(['audit', query], (cursor) => audit(query, cursor));
  const check = useMutation({ mutationFn: verifyAudit });
  const narrow = (key: string, value: string): void =>
    setParams(
      (before) => {
        const next = new URLSearchParams(before);
        if (value) next.set(key, value);
        else next.delete(key);
        return next;
      },
      { replace: true },
    );

  return (
    <AdminPage
      title={t('admin.audit')}
      tools={
        <>
          <ExportMenu filter={filter} />
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
      <div className="oriel-filters" role="search" aria-label={t('audit.filters')}>
        {TEXTS.map((key) => (
          <label key={key}>
            <span>{t(`audit.${key}`)}</span>
            <TextInput type="search" aria-label={t(`audit.${key}`)} value={params.get(key) ?? ''} onChange={(_, value) => narrow(key, value)} />
          </label>
        ))}
        <label htmlFor="audit-outcome">
          <span>{t('audit.outcome')}</span>
          <FormSelect id="audit-outcome" value={filter.outcome} onChange={(_, value) => narrow('outcome', value)}>
            <FormSelectOption value="" label={t('audit.anyOutcome')} />
            {OUTCOMES.map((outcome) => (
              <FormSelectOption key={outcome} value={outcome} label={t(`audit.outcome.${outcome}`)} />
            ))}
          </FormSelect>
        </label>
        {(['from', 'until'] as const).map((key) => (
          <label key={key}>
            <span>{t(`audit.${key}`)}</span>
            <TextInput type="date" aria-label={t(`audit.${key}`)} value={filter[key]} onChange={(_, value) => narrow(key, value)} />
          </label>
        ))}
        {params.size > 0 && (
          <Button variant="link" isInline onClick={() => setParams({}, { replace: true })}>
            {t('audit.reset')}
          </Button>
        )}
      </div>
      <DataTable
        label={t('admin.audit')}
        pages={pages}
        rowKey={(record) => String(record.sequence)}
        empty={t('audit.empty')}
        columns={[
          { title: t('audit.time'), cell: (record) => date(record.time), oneLine: true },
          { title: t('audit.actor'), cell: (record) => record.actor },
          { title: t('audit.action'), cell: (record) => record.action },
          { title: t('audit.target'), cell: (record) => /^recording\.(start|play)$/.test(record.action) && hasRight(me, 'recording.read') ? <Link to={`/admin/recordings/${record.target}`}>{record.target}</Link> : record.target },
          {
            title: t('audit.outcome'),
            cell: (record) => (
              <Label isCompact status={OUTCOME[record.outcome]}>
                {t(`audit.outcome.${record.outcome}`)}
              </Label>
            ),
          },
          { title: t('audit.address'), cell: (record) => record.address ?? '–' },
          {
            title: t('audit.detail'),
            cell: (record) => (
              <>
                {record.detail}{' '}
                <Popover
                  headerContent={t('audit.record', { number: record.sequence })}
                  closeBtnAriaLabel={t('action.close')}
                  aria-label={t('audit.record', { number: record.sequence })}
                  bodyContent={
                    <Facts
                      facts={[
                        [t('audit.subject'), record.subject],
                        [t('audit.detail'), record.detail],
                        [t('audit.hash'), <code key="hash" className="oriel-hash">{record.hash}</code>],
                      ]}
                    />
                  }
                >
                  <Button variant="plain" size="sm" icon={<InfoCircleIcon />} aria-label={t('audit.more', { number: record.sequence })} />
                </Popover>
              </>
            ),
          },
        ]}
      />
    </AdminPage>
  );
}
