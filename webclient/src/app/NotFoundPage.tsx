import { EmptyState, EmptyStateBody, EmptyStateFooter, PageSection } from '@patternfly/react-core';
import { SearchIcon } from '@patternfly/react-icons';
import { Link } from 'react-router';
import { useLanguage } from '../i18n/language';
import { useTitle } from './useTitle';

export function NotFoundPage() {
  const { t } = useLanguage();
  useTitle(t('notFound.title'));
  return (
    <PageSection isFilled>
      <EmptyState titleText={t('notFound.title')} icon={SearchIcon} headingLevel="h1">
        <EmptyStateBody>{t('notFound.help')}</EmptyStateBody>
        <EmptyStateFooter>
          <Link to="/">{t('nav.toDesktops')}</Link>
        </EmptyStateFooter>
      </EmptyState>
    </PageSection>
  );
}
