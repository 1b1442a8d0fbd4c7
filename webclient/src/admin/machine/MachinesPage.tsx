import { Alert, Button, FormSelect, FormSelectOption, SearchInput } from '@patternfly/react-core';
import { useDeferredValue, useMemo, useState } from 'react';
import { Link, useSearchParams } from 'react-router';
import type { Machine } from '../../api/types';
import { FailureAlert } from '../../app/FailureAlert';
import { FailurePage } from '../../app/FailurePage';
import { useLanguage } from '../../i18n/language';
import { hasRight, useMe } from '../../identity/identity';
import { AdminPage } from '../AdminPage';
import { allMachines, machine, maintainMachine, refreshMachine, restartMachine } from '../api';
import { BulkDialog, type BulkAct } from '../BulkDialog';
import { GROUPS, inGroup, LifecycleLabel, type Group } from './machineState';
import { RowMenu } from '../RowMenu';
import { useCollection } from '../useCollection';
import { useMachineActions } from './useMachineActions';
import { VirtualTable, type VirtualColumn } from '../VirtualTable';

const SOURCE = { kind: 'machine', keyOf: (row: Machine) => row.name, page: allMachines, one: machine } as const;
const NONE: ReadonlySet<string> = new Set();

function isGroup(value: string | null): value is Group {
  return value !== null && Object.hasOwn(GROUPS, value);
}

/** Whether a machine has every word of the search somewhere a person would look for it. */
export function fits(row: Machine, words: readonly string[]): boolean {
  const text = `${row.name} ${row.poolId} ${row.username ?? ''} ${row.host} ${row.failure ?? ''}`.toLowerCase();
  return words.every((word) => text.includes(word));
}

export function MachinesPage() {
  const { t, n, date } = useLanguage();
  const me = useMe();
  const { rows, complete, failure, reload } = useCollection(SOURCE);
  const { actions, dialog } = useMachineActions();
  const [params, setParams] = useSearchParams();
  const [search, setSearch] = useState(params.get('q') ?? '');
  const words = useDeferredValue(search.trim().toLowerCase());
  const wanted = params.get('state');
  const group = isGroup(wanted) ? wanted : undefined;
  const poolId = params.get('pool') ?? '';
  const [selected, setSelected] = useState(NONE);
  const [bulk, setBulk] = useState<BulkAct>();

  const pools = useMemo(() => [...new Set(rows?.map((row) => row.poolId))].sort(), [rows]);
  const shown = useMemo(() => {
    const list = words === '' ? [] : words.split(/\s+/);
    return rows?.filter((row) => (!group || inGroup(row, group)) && (!poolId || row.poolId === poolId) && fits(row, list));
  }, [rows, group, poolId, words]);
  // What a filter hides is not acted on.
  const chosen = useMemo(() => shown?.filter((row) => selected.has(row.name)).map((row) => row.name) ?? [], [shown, selected]);

  const columns = useMemo<VirtualColumn<Machine>[]>(
    () => [
      {
        id: 'name',
        title: t('machines.name'),
        width: 'minmax(7rem, 1.2fr)',
        cell: (row) => <Link to={`/admin/machines/${row.name}`}>{row.name}</Link>,
        sort: (row) => row.name,
      },
      {
        id: 'pool',
        title: t('sessions.pool'),
        width: 'minmax(6rem, 1fr)',
        cell: (row) => <Link to={`/admin/pools/${row.poolId}`}>{row.poolId}</Link>,
        sort: (row) => row.poolId,
      },
      {
        id: 'lifecycle',
        title: t('machines.lifecycle'),
        width: 'minmax(7rem, 1.6fr)',
        cell: (row) => (
          <span className="oriel-virtual__state" title={row.failure}>
            <LifecycleLabel machine={row} />
            {row.failure && <span className="oriel-failure">{row.failure}</span>}
          </span>
        ),
        sort: (row) => row.lifecycle,
      },
      { id: 'power', title: t('machines.power'), width: 'minmax(5rem, 0.7fr)', cell: (row) => t(`power.${row.power}`), sort: (row) => row.power },
      { id: 'user', title: t('machines.user'), width: 'minmax(6rem, 1fr)', cell: (row) => row.username ?? '–', sort: (row) => row.username ?? '' },
      { id: 'image', title: t('pools.image'), width: 'minmax(6rem, 1fr)', cell: (row) => `${row.image} · ${row.imageVersion}`, sort: (row) => `${row.image} ${row.imageVersion}` },
      { id: 'changed', title: t('machines.changed'), width: 'minmax(9rem, 1.4fr)', cell: (row) => date(row.changed), sort: (row) => Date.parse(row.changed) },
    ],
    [t, date],
  );

  const narrow = (key: string, value: string): void => {
    const next = new URLSearchParams(params);
    if (value) next.set(key, value);
    else next.delete(key);
    setParams(next, { replace: true });
  };

  const many = (what: 'restart' | 'maintain' | 'refresh'): void =>
    setBulk({
      title: n(`machines.bulk.${what}.title`, chosen.length),
      text: t(`machines.bulk.${what}.text`),
      confirm: t(`machines.${what}`),
      names: chosen,
      act: (name) =>
        what === 'restart' ? restartMachine(name) : what === 'refresh' ? refreshMachine(name) : maintainMachine(name, true),
    });

  return (
    <AdminPage
      title={t('admin.machines')}
      tools={
        <>
          <SearchInput
            aria-label={t('machines.search')}
            placeholder={t('machines.search')}
            value={search}
            onChange={(_, value) => setSearch(value)}
            onClear={() => setSearch('')}
            resetButtonLabel={t('action.clear')}
          />
          <FormSelect aria-label={t('machines.lifecycle')} value={group ?? ''} onChange={(_, value) => narrow('state', value)}>
            <FormSelectOption value="" label={t('machines.anyState')} />
            {(Object.keys(GROUPS) as Group[]).map((key) => (
              <FormSelectOption key={key} value={key} label={t(`machines.group.${key}`)} />
            ))}
          </FormSelect>
          <FormSelect aria-label={t('sessions.pool')} value={poolId} onChange={(_, value) => narrow('pool', value)}>
            <FormSelectOption value="" label={t('machines.anyPool')} />
            {pools.map((id) => (
              <FormSelectOption key={id} value={id} label={id} />
            ))}
          </FormSelect>
        </>
      }
    >
      {!rows && failure ? (
        <FailurePage failure={failure} retry={reload} />
      ) : (
        <>
          {failure && <FailureAlert failure={failure} retry={reload} />}
          <div className="oriel-bulk" role="status">
            <span className="oriel-subtle">
              {shown && rows && t(complete ? 'machines.shown' : 'machines.shownReading', { shown: shown.length, all: rows.length })}
            </span>
            {chosen.length > 0 && (
              <>
                <strong>{n('machines.selected', chosen.length)}</strong>
                {(['restart', 'maintain', 'refresh'] as const).map((what) => (
                  <Button key={what} size="sm" variant="secondary" isDanger={what === 'refresh'} onClick={() => many(what)}>
                    {t(`machines.${what}`)}
                  </Button>
                ))}
                <Button size="sm" variant="link" onClick={() => setSelected(NONE)}>
                  {t('machines.selectNone')}
                </Button>
              </>
            )}
          </div>
          <VirtualTable
            label={t('admin.machines')}
            rows={shown}
            rowKey={(row) => row.name}
            columns={columns}
            empty={t(rows?.length ? 'machines.noneFits' : 'machines.none')}
            {...(actions && {
              actions: (row: Machine) => <RowMenu name={row.name} items={actions(row)} />,
            })}
            {...(hasRight(me, 'machine.manage') && { selected, select: setSelected })}
            compact={(row) => (
              <>
                <span>
                  <Link to={`/admin/machines/${row.name}`}>{row.name}</Link>{' '}
                  <span className="oriel-subtle">{row.username ?? row.poolId}</span>
                </span>
                <span className="oriel-virtual__state">
                  <LifecycleLabel machine={row} />
                  <span className="oriel-subtle">{t(`power.${row.power}`)}</span>
                </span>
                {row.failure && <span className="oriel-failure">{row.failure}</span>}
              </>
            )}
          />
        </>
      )}
      {!complete && rows && failure && <Alert isInline variant="warning" component="p" title={t('machines.incomplete')} />}
      {dialog}
      {bulk && (
        <BulkDialog
          bulk={bulk}
          close={() => {
            setBulk(undefined);
            setSelected(NONE);
          }}
        />
      )}
    </AdminPage>
  );
}
