import { Button, EmptyState, EmptyStateActions, EmptyStateBody, EmptyStateFooter } from '@patternfly/react-core';
import { DisconnectedIcon, ExclamationCircleIcon } from '@patternfly/react-icons';
import type { Failure } from '../api/failure';
import { useLanguage } from '../i18n/language';
import { explain } from './explain';

/** Instead of a page whose content can't be had. */
export function FailurePage({ failure, retry }: { failure: Failure; retry?: (() => void) | undefined }) {
  const language = useLanguage();
  const { title, help } = explain(failure, language);
  return (
    <EmptyState
      role="alert"
      data-reason={failure.reason}
      status={failure.transient ? 'warning' : 'danger'}
      icon={failure.reason === 'UNREACHABLE' ? DisconnectedIcon : ExclamationCircleIcon}
      titleText={title}
      headingLevel="h2"
    >
      <EmptyStateBody>{help}</EmptyStateBody>
      {retry && (
        <EmptyStateFooter>
          <EmptyStateActions>
            <Button onClick={retry}>{language.t('action.retry')}</Button>
          </EmptyStateActions>
        </EmptyStateFooter>
      )}
    </EmptyState>
  );
}
