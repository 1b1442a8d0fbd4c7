import { Button, SearchInput } from '@patternfly/react-core';
import { useDeferredValue, useState } from 'react';
import { Link } from 'react-router';
import { useLanguage } from '../../i18n/language';
import { AdminPage } from '../AdminPage';
import { grants } from '../api';
import { DataTable } from '../DataTable';
import { usePages } from '../usePages';
import { GiveRoleDialog } from './GiveRoleDialog';
import { GrantScope } from './GrantScope';
import { useGrantActions } from './useGrantActions';

/** Roles that users and groups have besides their accounts' own, each with where it holds. */
export function RolesPage() {
  const { t, date } = useLanguage();
  const [search, setSearch] = useState('');
  const subject = useDeferredValue(search.trim());
  const [giving, setGiving] = useState(false);
  const { actions, dialog } = useGrantActions();
  const pages = usePages(['grant', 'of', subject], (cursor) => grants(subject, cursor));
  return (
    <AdminPage
      title={t('admin.roles')}
      tools={
        <>
          <SearchInput
            aria-label={t('grants.subject')}
            placeholder={t('grants.subject')}
            value={search}
            onChange={(_, value) => setSearch(value)}
            onClear={() => setSearch('')}
            resetButtonLabel={t('action.clear')}
          />
          {actions && <Button onClick={() => setGiving(true)}>{t('grants.give')}</Button>}
        </>
      }
    >
      <p className="oriel-subtle oriel-admin__note">{t('grants.explained')}</p>
      <DataTable
        label={t('admin.roles')}
        pages={pages}
        rowKey={(grant) => grant.id}
        rowName={(grant) => `${grant.subject}, ${t(`role.${grant.role}`)}`}
        empty={t(subject === '' ? 'grants.none' : 'grants.noneFits')}
        {...(actions && { actions })}
        columns={[
          {
            title: t('entitlements.subject'),
            cell: (grant) => (
              <>
                <Link to={`/admin/${grant.subjectKind === 'user' ? 'users' : 'groups'}/${encodeURIComponent(grant.subject)}`}>{grant.subject}</Link>
                <br />
                <span className="oriel-subtle">{t(`entitlements.${grant.subjectKind}`)}</span>
              </>
            ),
          },
          { title: t('users.role'), cell: (grant) => t(`role.${grant.role}`) },
          { title: t('grants.scope'), cell: (grant) => <GrantScope grant={grant} /> },
          { title: t('grants.created'), cell: (grant) => date(grant.created) },
        ]}
      />
      {giving && <GiveRoleDialog close={() => setGiving(false)} />}
      {dialog}
    </AdminPage>
  );
}
