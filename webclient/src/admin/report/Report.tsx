import { Button, Card, CardBody, CardHeader, CardTitle } from '@patternfly/react-core';
import { DownloadIcon } from '@patternfly/react-icons';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { asFailure } from '../../api/failure';
import { useLanguage } from '../../i18n/language';
import { DataTable, type Column } from '../DataTable';
import { download } from '../../app/download';
import { csv } from './csv';
import type { Span } from './reports';

export interface ReportColumn<T> extends Column<T> {
  value: (row: T) => string | number;
}

interface Props<T> {
  name: string;
  title: string;
  help: string;
  empty: string;
  span: Span;
  read: (span: Span) => Promise<T[]>;
  rowKey: (row: T) => string;
  columns: (rows: readonly T[]) => readonly ReportColumn<T>[];
  chart?: (rows: readonly T[]) => ReactNode;
}

/** One report: a chart where one helps, the same as a table, and the table as a file. */
export function Report<T>({ name, title, help, empty, span, read, rowKey, columns, chart }: Props<T>) {
  const { t } = useLanguage();
  const query = useQuery({ queryKey: ['report', name, span], queryFn: () => read(span), placeholderData: keepPreviousData });
  const rows = query.data;
  const shown = columns(rows ?? []);
  const save = (): void => download(`oriel-${name}-${span.until.slice(0, 10)}.csv`, 'text/csv', csv(shown, rows ?? []));
  return (
    <Card>
      <CardHeader
        actions={{
          actions: (
            <Button variant="secondary" size="sm" icon={<DownloadIcon />} isDisabled={!rows?.length} onClick={save}>
              {t('reports.csv')}
            </Button>
          ),
        }}
      >
        <CardTitle component="h2">{title}</CardTitle>
      </CardHeader>
      <CardBody>
        <p className="oriel-subtle oriel-report__help">{help}</p>
        {rows && rows.length > 0 && chart && <div className="oriel-report__chart">{chart(rows)}</div>}
        <DataTable
          label={title}
          pages={{
            rows,
            failure: query.error ? asFailure(query.error) : undefined,
            retry: () => void query.refetch(),
            more: undefined,
            reading: false,
          }}
          rowKey={rowKey}
          empty={empty}
          columns={shown}
        />
      </CardBody>
    </Card>
  );
}
