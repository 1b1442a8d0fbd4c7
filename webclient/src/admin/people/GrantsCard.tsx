import { Button, Card, CardBody, CardHeader, CardTitle } from '@patternfly/react-core';
import { useState, type ReactNode } from 'react';
import { useLanguage } from '../../i18n/language';
import { grants } from '../api';
import { DataTable } from '../DataTable';
import { usePages } from '../usePages';
import type { Subject } from './access';
import { GiveRoleDialog } from './GiveRoleDialog';
import { GrantScope } from './GrantScope';
import { useGrantActions } from './useGrantActions';

/** The roles that a user or a group was given, each with where it holds. */
export function GrantsCard({ subject, own }: { subject: Subject; own?: ReactNode }) {
  const { t, date } = useLanguage();
  const [giving, setGiving] = useState(false);
  const { actions, dialog } = useGrantActions();
  const pages = usePages(['grant', 'of', subject.name], (cursor) => grants(subject.name, cursor));
  const rows = pages.rows?.filter((grant) => grant.subjectKind === subject.kind);
  return (
    <Card>
      <CardHeader
        {...(actions && {
          actions: {
            actions: (
              <Button variant="secondary" size="sm" onClick={() => setGiving(true)}>
                {t('grants.give')}
              </Button>
            ),
          },
        })}
      >
        <CardTitle component="h2">{t('admin.roles')}</CardTitle>
      </CardHeader>
      <CardBody>
        {own}
        <DataTable
          label={t('admin.roles')}
          pages={{ ...pages, rows }}
          rowKey={(grant) => grant.id}
          rowName={(grant) => t(`role.${grant.role}`)}
          empty={t(own ? 'grants.emptyUser' : 'grants.empty')}
          {...(actions && { actions })}
          columns={[
            { title: t('users.role'), cell: (grant) => t(`role.${grant.role}`) },
            { title: t('grants.scope'), cell: (grant) => <GrantScope grant={grant} /> },
            { title: t('grants.created'), cell: (grant) => date(grant.created) },
          ]}
        />
      </CardBody>
      {giving && <GiveRoleDialog subject={subject} close={() => setGiving(false)} />}
      {dialog}
    </Card>
  );
}
