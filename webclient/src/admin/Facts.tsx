import { DescriptionList, DescriptionListDescription, DescriptionListGroup, DescriptionListTerm } from '@patternfly/react-core';
import type { ReactNode } from 'react';

/** Terms and what they are, for one object's page. Facts without a value are left out. */
export function Facts({ facts, columns = 1 }: { facts: readonly (readonly [term: string, value: ReactNode])[]; columns?: 1 | 2 | 3 }) {
  return (
    <DescriptionList isCompact columnModifier={{ default: columns === 1 ? '1Col' : '2Col', md: `${columns}Col` }}>
      {facts
        .filter(([, value]) => value !== undefined && value !== '' && value !== false)
        .map(([term, value]) => (
          <DescriptionListGroup key={term}>
            <DescriptionListTerm>{term}</DescriptionListTerm>
            <DescriptionListDescription>{value}</DescriptionListDescription>
          </DescriptionListGroup>
        ))}
    </DescriptionList>
  );
}
