import { Button, EmptyState, EmptyStateBody, Skeleton } from '@patternfly/react-core';
import { SearchIcon } from '@patternfly/react-icons';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import type { ReactNode } from 'react';
import { FailureAlert } from '../app/FailureAlert';
import { FailurePage } from '../app/FailurePage';
import { useLanguage } from '../i18n/language';
import { RowMenu, type MenuItem } from './RowMenu';
import type { Pages } from './usePages';

export interface Column<T> {
  title: string;
  cell: (row: T) => ReactNode;
  /** Its cells stay on one line, however wide the others are: times. */
  oneLine?: boolean;
}

interface Props<T> {
  label: string;
  pages: Pages<T>;
  columns: readonly Column<T>[];
  rowKey: (row: T) => string;
  /** What people call the row; without it, its key. */
  rowName?: (row: T) => string;
  empty: string;
  /** What can be done with a row; none, no menu. */
  actions?: (row: T) => MenuItem[];
}

const SKELETON_ROWS = [1, 2, 3, 4];

/** A table of the administration with its loading, empty and error states. */
export function DataTable<T>({ label, pages, columns, rowKey, rowName, empty, actions }: Props<T>) {
  const { t } = useLanguage();
  const { rows, failure, retry, more, reading } = pages;
  if (!rows && failure) return <FailurePage failure={failure} retry={retry} />;
  if (rows?.length === 0) {
    return (
      <EmptyState titleText={t('table.empty')} headingLevel="h2" icon={SearchIcon} variant="sm">
        <EmptyStateBody>{empty}</EmptyStateBody>
      </EmptyState>
    );
  }
  return (
    <>
      {failure && <FailureAlert failure={failure} retry={retry} />}
      <Table aria-label={label} variant="compact" aria-busy={!rows} className="oriel-table">
        <Thead>
          <Tr>
            {columns.map((column) => (
              <Th key={column.title}>{column.title}</Th>
            ))}
            {actions && <Th screenReaderText={t('table.actions')} />}
          </Tr>
        </Thead>
        <Tbody>
          {rows
            ? rows.map((row) => {
                const items = actions?.(row) ?? [];
                return (
                  <Tr key={rowKey(row)} data-row={rowKey(row)}>
                    {columns.map((column) => (
                      <Td key={column.title} dataLabel={column.title} modifier={column.oneLine ? 'nowrap' : 'wrap'}>
                        {column.cell(row)}
                      </Td>
                    ))}
                    {actions && <Td isActionCell>{items.length > 0 && <RowMenu name={rowName?.(row) ?? rowKey(row)} items={items} />}</Td>}
                  </Tr>
                );
              })
            : SKELETON_ROWS.map((row) => (
                <Tr key={row}>
                  {columns.map((column) => (
                    <Td key={column.title} dataLabel={column.title}>
                      <Skeleton screenreaderText={t('state.loading')} />
                    </Td>
                  ))}
                  {actions && <Td />}
                </Tr>
              ))}
        </Tbody>
      </Table>
      {more && (
        <div className="oriel-more">
          <Button variant="secondary" isLoading={reading} isDisabled={reading} onClick={more}>
            {t('table.more')}
          </Button>
        </div>
      )}
    </>
  );
}
