import {
  Button,
  Card,
  CardBody,
  EmptyState,
  EmptyStateActions,
  EmptyStateBody,
  EmptyStateFooter,
  Gallery,
  PageSection,
  Skeleton,
  Title,
} from '@patternfly/react-core';
import { DesktopIcon } from '@patternfly/react-icons';
import { useQuery } from '@tanstack/react-query';
import { asFailure } from '../api/failure';
import { desktops } from '../api/portal';
import type { Desktop } from '../api/types';
import { FailureAlert } from '../app/FailureAlert';
import { FailurePage } from '../app/FailurePage';
import { DESKTOPS } from '../app/live';
import { Shell } from '../app/Shell';
import { useTitle } from '../app/useTitle';
import { useLanguage } from '../i18n/language';
import { useMe } from '../identity/identity';
import { DesktopCard } from './DesktopCard';

export function DesktopsPage() {
  const { t } = useLanguage();
  const me = useMe();
  const query = useQuery({ queryKey: DESKTOPS, queryFn: desktops });
  useTitle(t('desktops.title'));

  return (
    <Shell>
      <PageSection>
        <Title headingLevel="h1" size="2xl">
          {t('desktops.title')}
        </Title>
        <p className="oriel-subtle">{t('desktops.lead', { name: me.displayName || me.username })}</p>
      </PageSection>
      <PageSection isFilled aria-label={t('desktops.title')}>
        <DesktopList
          list={query.data}
          failure={query.error}
          retry={() => void query.refetch()}
        />
      </PageSection>
    </Shell>
  );
}

const CARDS = { minWidths: { default: '100%', sm: '19rem' }, maxWidths: { default: '100%', sm: '24rem' } };

function DesktopList({ list, failure, retry }: { list: Desktop[] | undefined; failure: unknown; retry: () => void }) {
  const { t } = useLanguage();
  if (!list) {
    return failure ? <FailurePage failure={asFailure(failure)} retry={retry} /> : <LoadingCards />;
  }
  if (list.length === 0) {
    return (
      <EmptyState titleText={t('desktops.none')} icon={DesktopIcon} headingLevel="h2">
        <EmptyStateBody>{t('desktops.noneHelp')}</EmptyStateBody>
        <EmptyStateFooter>
          <EmptyStateActions>
            <Button variant="link" onClick={retry}>
              {t('action.refresh')}
            </Button>
          </EmptyStateActions>
        </EmptyStateFooter>
      </EmptyState>
    );
  }
  return (
    <>
      {failure ? <FailureAlert failure={asFailure(failure)} retry={retry} /> : null}
      <Gallery hasGutter {...CARDS}>
        {list.map((desktop) => (
          <DesktopCard key={desktop.poolId} desktop={desktop} />
        ))}
      </Gallery>
    </>
  );
}

function LoadingCards() {
  const { t } = useLanguage();
  return (
    <Gallery hasGutter aria-busy="true" {...CARDS}>
      {[1, 2].map((key) => (
        <Card key={key} className="oriel-desktop">
          <Skeleton height="9rem" shape="square" width="100%" screenreaderText={t('state.loading')} />
          <CardBody>
            <Skeleton width="50%" fontSize="xl" />
            <br />
            <Skeleton width="80%" />
            <br />
            <Skeleton width="35%" height="2.25rem" />
          </CardBody>
        </Card>
      ))}
    </Gallery>
  );
}
