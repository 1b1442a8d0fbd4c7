import { Content, PageSection, Stack, StackItem, Title } from '@patternfly/react-core';
import { Shell } from '../app/Shell';
import { useTitle } from '../app/useTitle';
import { useLanguage } from '../i18n/language';
import { SecondFactorCard } from './SecondFactorCard';
import { SignInsCard } from './SignInsCard';
import { TokensCard } from './TokensCard';

/** What a person can do about the ways into their account. */
export default function AccountPage() {
  const { t } = useLanguage();
  useTitle(t('account.security'));
  return (
    <Shell>
      <PageSection>
        <Content>
          <Title headingLevel="h1">{t('account.security')}</Title>
          <p className="oriel-subtle">{t('security.lead')}</p>
        </Content>
      </PageSection>
      <PageSection>
        <Stack hasGutter className="oriel-account-page">
          <StackItem>
            <SignInsCard />
          </StackItem>
          <StackItem>
            <SecondFactorCard />
          </StackItem>
          <StackItem>
            <TokensCard />
          </StackItem>
        </Stack>
      </PageSection>
    </Shell>
  );
}
