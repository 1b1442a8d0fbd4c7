import { Checkbox, EmptyState, EmptyStateBody, Skeleton } from '@patternfly/react-core';
import { SearchIcon, SortAmountDownAltIcon, SortAmountDownIcon } from '@patternfly/react-icons';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useMemo, useRef, useState, useSyncExternalStore, type ReactNode } from 'react';
import { useLanguage } from '../i18n/language';

export interface VirtualColumn<T> {
  id: string;
  title: string;
  /** A track of CSS grid. */
  width: string;
  cell: (row: T) => ReactNode;
  /** What the column is sorted by; without it, it can't be. */
  sort?: (row: T) => string | number;
}

interface Props<T> {
  label: string;
  rows: readonly T[] | undefined;
  rowKey: (row: T) => string;
  columns: readonly VirtualColumn<T>[];
  /** A row in two or three lines, for a narrow window. */
  compact: (row: T) => ReactNode;
  empty: string;
  actions?: (row: T) => ReactNode;
  selected?: ReadonlySet<string>;
  select?: (keys: ReadonlySet<string>) => void;
}

const ROW_PX = 44;
const COMPACT_ROW_PX = 92;
const narrow = window.matchMedia('(max-width: 48rem)');
const SKELETON_ROWS = [1, 2, 3, 4, 5];

function watchNarrow(listener: () => void): () => void {
  narrow.addEventListener('change', listener);
  return () => narrow.removeEventListener('change', listener);
}

interface Order {
  column: string;
  descending: boolean;
}

export function ordered<T>(
  rows: readonly T[],
  columns: readonly Pick<VirtualColumn<T>, 'id' | 'sort'>[],
  order: Order | undefined,
): readonly T[] {
  const by = columns.find((column) => column.id === order?.column)?.sort;
  if (!by || !order) return rows;
  const collator = new Intl.Collator(undefined, { numeric: true });
  const sign = order.descending ? -1 : 1;
  return [...rows].sort((a, b) => {
    const [left, right] = [by(a), by(b)];
    return sign * (typeof left === 'number' && typeof right === 'number' ? left - right : collator.compare(String(left), String(right)));
  });
}

/** A table that draws only the rows in sight: ten thousand scroll like ten. */
export function VirtualTable<T>({ label, rows, rowKey, columns, compact, empty, actions, selected, select }: Props<T>) {
  const { t } = useLanguage();
  const isNarrow = useSyncExternalStore(watchNarrow, () => narrow.matches);
  const [order, setOrder] = useState<Order>();
  const scroller = useRef<HTMLDivElement>(null);
  const list = useMemo(() => (rows ? ordered(rows, columns, order) : []), [rows, columns, order]);
  const rowPx = isNarrow ? COMPACT_ROW_PX : ROW_PX;
  // The library keeps its own state; the compiler that would mind is not in use.
  // eslint-disable-next-line react-hooks/incompatible-library
  const virtual = useVirtualizer({
    count: list.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowPx,
    getItemKey: (index) => {
      const row = list[index];
      return row === undefined ? index : rowKey(row);
    },
    overscan: 8,
  });

  if (rows?.length === 0) {
    return (
      <EmptyState titleText={t('table.empty')} headingLevel="h2" icon={SearchIcon} variant="sm">
        <EmptyStateBody>{empty}</EmptyStateBody>
      </EmptyState>
    );
  }
  if (!rows) {
    return (
      <div aria-busy="true" className="oriel-virtual__waiting">
        {SKELETON_ROWS.map((row) => (
          <Skeleton key={row} height="1.75rem" screenreaderText={t('state.loading')} />
        ))}
      </div>
    );
  }

  const middle = isNarrow ? 'minmax(0, 1fr)' : columns.map((column) => column.width).join(' ');
  const gridTemplateColumns = [select && '2.5rem', middle, actions && '3rem'].filter(Boolean).join(' ');
  const every = selected !== undefined && list.length > 0 && list.every((row) => selected.has(rowKey(row)));
  const some = selected !== undefined && selected.size > 0;

  const toggle = (key: string, on: boolean): void => {
    const next = new Set(selected);
    if (on) next.add(key);
    else next.delete(key);
    select?.(next);
  };

  const sortBy = (column: string): void =>
    setOrder(order?.column !== column ? { column, descending: false } : order.descending ? undefined : { column, descending: true });

  return (
    <div className="oriel-virtual" role="table" aria-label={label} aria-rowcount={list.length + 1}>
      <div role="rowgroup" className="oriel-virtual__head">
        <div role="row" aria-rowindex={1} className="oriel-virtual__row" style={{ gridTemplateColumns, height: ROW_PX }}>
          {select && (
            <div role="columnheader">
              <Checkbox
                id={`${label}-all`}
                aria-label={t('table.selectAll')}
                isChecked={every ? true : some ? null : false}
                onChange={(_, on) => select(new Set(on ? list.map(rowKey) : []))}
              />
            </div>
          )}
          {isNarrow ? (
            <div role="columnheader">{columns[0]?.title}</div>
          ) : (
            columns.map((column) => {
              const sorted = order?.column === column.id;
              return (
                <div
                  key={column.id}
                  role="columnheader"
                  aria-sort={sorted ? (order.descending ? 'descending' : 'ascending') : undefined}
                >
                  {column.sort ? (
                    <button type="button" className="oriel-virtual__sort" onClick={() => sortBy(column.id)}>
                      {column.title}
                      {sorted && (order.descending ? <SortAmountDownIcon /> : <SortAmountDownAltIcon />)}
                    </button>
                  ) : (
                    column.title
                  )}
                </div>
              );
            })
          )}
          {actions && (
            <div role="columnheader">
              <span className="oriel-visually-hidden">{t('table.actions')}</span>
            </div>
          )}
        </div>
      </div>
      <div ref={scroller} className="oriel-virtual__scroller">
        <div role="rowgroup" className="oriel-virtual__body" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map((item) => {
            const row = list[item.index];
            if (row === undefined) return null;
            const key = rowKey(row);
            return (
              <div
                key={item.key}
                role="row"
                aria-rowindex={item.index + 2}
                data-row={key}
                className="oriel-virtual__row"
                style={{ gridTemplateColumns, height: rowPx, transform: `translateY(${item.start}px)` }}
              >
                {select && (
                  <div role="cell">
                    <Checkbox
                      id={`${label}-${key}`}
                      aria-label={t('table.select', { name: key })}
                      isChecked={selected?.has(key) ?? false}
                      onChange={(_, on) => toggle(key, on)}
                    />
                  </div>
                )}
                {isNarrow ? (
                  <div role="cell" className="oriel-virtual__compact">
                    {compact(row)}
                  </div>
                ) : (
                  columns.map((column) => (
                    <div key={column.id} role="cell">
                      {column.cell(row)}
                    </div>
                  ))
                )}
                {actions && <div role="cell">{actions(row)}</div>}
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}
