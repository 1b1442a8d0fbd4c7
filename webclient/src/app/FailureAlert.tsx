import { Alert, AlertActionLink } from '@patternfly/react-core';
import type { Failure } from '../api/failure';
import { useLanguage } from '../i18n/language';
import { explain } from './explain';

/** A failure next to what it belongs to. Announced by screen readers when it appears. */
export function FailureAlert({ failure, retry }: { failure: Failure; retry?: () => void }) {
  const language = useLanguage();
  const { title, help } = explain(failure, language);
  return (
    <div role="alert" data-reason={failure.reason}>
      <Alert
        variant={failure.transient || failure.reason === 'LOCKED_OUT' ? 'warning' : 'danger'}
        isInline
        component="p"
        title={title}
        actionLinks={retry && <AlertActionLink onClick={retry}>{language.t('action.retry')}</AlertActionLink>}
      >
        {help}
      </Alert>
    </div>
  );
}
