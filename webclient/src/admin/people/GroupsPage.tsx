import { SearchInput } from '@patternfly/react-core';
import { useDeferredValue, useState } from 'react';
import { Link } from 'react-router';
import { useLanguage } from '../../i18n/language';
import { AdminPage } from '../AdminPage';
import { DataTable } from '../DataTable';
import { useGroups } from './useGroups';

/** Groups with what they may use and which roles they have. */
export function GroupsPage() {
  const { t, number } = useLanguage();
  const [search, setSearch] = useState('');
  const part = useDeferredValue(search.trim().toLowerCase());
  const { groups, failure, retry } = useGroups();
  return (
    <AdminPage
      title={t('admin.groups')}
      tools={
        <SearchInput
          aria-label={t('users.search')}
          placeholder={t('users.search')}
          value={search}
          onChange={(_, value) => setSearch(value)}
          onClear={() => setSearch('')}
          resetButtonLabel={t('action.clear')}
        />
      }
    >
      <p className="oriel-subtle oriel-admin__note">{t('groups.explained')}</p>
      <DataTable
        label={t('admin.groups')}
        pages={{ rows: groups?.filter(({ name }) => name.includes(part)), failure, retry, more: undefined, reading: false }}
        rowKey={(group) => group.name}
        empty={t('groups.none')}
        columns={[
          { title: t('users.name'), cell: (group) => <Link to={`/admin/groups/${encodeURIComponent(group.name)}`}>{group.name}</Link> },
          { title: t('groups.members'), cell: (group) => number(group.members.length) },
          { title: t('admin.pools'), cell: (group) => group.entitlements.map(({ poolId }) => poolId).join(', ') || '–' },
          { title: t('admin.roles'), cell: (group) => group.grants.map(({ role }) => t(`role.${role}`)).join(', ') || '–' },
        ]}
      />
    </AdminPage>
  );
}
