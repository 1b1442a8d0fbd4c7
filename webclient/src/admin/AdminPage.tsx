import { PageSection, Title } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import { useTitle } from '../app/useTitle';

/** Heading, tools and content of a page of the administration. */
export function AdminPage({ title, tools, children }: { title: string; tools?: ReactNode; children: ReactNode }) {
  useTitle(title);
  return (
    <PageSection isFilled>
      <div className="oriel-admin__head">
        <Title headingLevel="h1" size="2xl">
          {title}
        </Title>
        {tools && <div className="oriel-admin__tools">{tools}</div>}
      </div>
      {children}
    </PageSection>
  );
}
