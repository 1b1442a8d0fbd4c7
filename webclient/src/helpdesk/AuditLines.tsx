import { Card, CardBody, CardTitle, Label, Skeleton } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { OUTCOME } from '../admin/audit/auditOutcome';
import { asFailure } from '../api/failure';
import { FailureAlert } from '../app/FailureAlert';
import { useLanguage } from '../i18n/language';
import { personAudit } from './api';

/** What the audit trail says about a person, newest first: also the line of what was just done for them. */
export function AuditLines({ username }: { username: string }) {
  const { t, date } = useLanguage();
  const query = useQuery({ queryKey: ['person', username, 'audit'], queryFn: () => personAudit(username) });
  return (
    <Card>
      <CardTitle component="h2">{t('admin.audit')}</CardTitle>
      <CardBody>
        {query.error && <FailureAlert failure={asFailure(query.error)} retry={() => void query.refetch()} />}
        {!query.data && !query.error && <Skeleton screenreaderText={t('state.loading')} />}
        {query.data?.length === 0 && <p className="oriel-subtle">{t('helpdesk.noTroubles')}</p>}
        <ul className="oriel-lines" aria-live="polite">
          {query.data?.map((record) => (
            <li key={record.sequence}>
              <Label isCompact status={OUTCOME[record.outcome]}>
                {t(`audit.outcome.${record.outcome}`)}
              </Label>{' '}
              <strong>{record.action}</strong> {record.target} <span className="oriel-subtle">{record.actor}, {date(record.time)}</span>
              {record.detail && <div className="oriel-subtle oriel-small">{record.detail}</div>}
            </li>
          ))}
        </ul>
      </CardBody>
    </Card>
  );
}
