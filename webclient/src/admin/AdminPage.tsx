import { PageSection, Title } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import { useTitle } from '../app/useTitle';

interface Props {
  title: string;
  /** Where the page is, above its heading. */
  crumbs?: ReactNode;
  tools?: ReactNode;
  children: ReactNode;
}

/** Heading, tools and content of a page of the administration. */
export function AdminPage({ title, crumbs, tools, children }: Props) {
  useTitle(title);
  return (
    <PageSection isFilled>
      {crumbs}
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
