import { Button, Card, CardBody, CardTitle, Form, FormSelect, FormSelectOption, InputGroup, InputGroupItem } from '@patternfly/react-core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'react-router';
import { ConfirmDialog, type Confirmation } from '../../app/ConfirmDialog';
import { FailureAlert } from '../../app/FailureAlert';
import { useSubmit } from '../../app/useSubmit';
import { useLanguage } from '../../i18n/language';
import { hasRight, useMe } from '../../identity/identity';
import { entitle, revoke } from '../api';
import { DataTable } from '../DataTable';
import { accessOf, useAllEntitlements, type Access, type Subject } from './access';

/** The desktops that a user or a group may use, and where that comes from. */
export function AccessCard({ subject, groups = [] }: { subject: Subject; groups?: readonly string[] }) {
  const { t } = useLanguage();
  const me = useMe();
  const client = useQueryClient();
  const [ask, setAsk] = useState<Confirmation>();
  const [chosen, setChosen] = useState('');
  const { all, failure, retry } = useAllEntitlements();
  const rows = all && accessOf(subject, groups, all);
  const writes = hasRight(me, 'pool.write');
  const own = (access: Access) => access.by.find(({ kind }) => kind === subject.kind);
  const others = all?.filter(({ pool }) => !rows?.some((access) => access.pool.id === pool.id && own(access))) ?? [];
  const poolId = others.some(({ pool }) => pool.id === chosen) ? chosen : (others[0]?.pool.id ?? '');
  const refresh = (): void => void client.invalidateQueries({ queryKey: ['entitlement'] });
  const add = useSubmit(async () => {
    await entitle(poolId, { kind: subject.kind, subject: subject.name });
    refresh();
  });

  return (
    <Card>
      <CardTitle component="h2">{t('access.title')}</CardTitle>
      <CardBody>
        {writes && others.length > 0 && (
          <Form onSubmit={(event) => void add.submit(event)} className="oriel-entitle">
            {add.failure && <FailureAlert failure={add.failure} />}
            <InputGroup>
              <InputGroupItem isFill>
                <FormSelect aria-label={t('sessions.pool')} value={poolId} onChange={(_, value) => setChosen(value)}>
                  {others.map(({ pool }) => (
                    <FormSelectOption key={pool.id} value={pool.id} label={pool.displayName} />
                  ))}
                </FormSelect>
              </InputGroupItem>
              <InputGroupItem>
                <Button type="submit" variant="control" isDisabled={add.busy}>
                  {t('entitlements.add')}
                </Button>
              </InputGroupItem>
            </InputGroup>
          </Form>
        )}
        <DataTable
          label={t('access.title')}
          pages={{ rows, failure, retry, more: undefined, reading: false }}
          rowKey={({ pool }) => pool.id}
          rowName={({ pool }) => pool.displayName}
          empty={t('access.empty')}
          {...(writes && {
            actions: (access: Access) => {
              const direct = own(access);
              return direct
                ? [
                    {
                      title: t('entitlements.revoke'),
                      isDanger: true,
                      onClick: () =>
                        setAsk({
                          title: t('entitlements.revoke.title', { name: `${subject.name}: ${access.pool.displayName}` }),
                          text: t('entitlements.revoke.text'),
                          confirm: t('entitlements.revoke'),
                          destructive: true,
                          act: () => revoke(direct).then(refresh),
                        }),
                    },
                  ]
                : [];
            },
          })}
          columns={[
            {
              title: t('sessions.pool'),
              cell: ({ pool }) => <Link to={`/admin/pools/${encodeURIComponent(pool.id)}/people`}>{pool.displayName}</Link>,
            },
            {
              title: t('access.by'),
              cell: (access) =>
                access.by.map((entitlement, i) => (
                  <span key={entitlement.id}>
                    {i > 0 && ', '}
                    {entitlement.kind === subject.kind ? (
                      t('access.direct')
                    ) : (
                      <Link to={`/admin/groups/${encodeURIComponent(entitlement.subject)}`}>{t('access.group', { name: entitlement.subject })}</Link>
                    )}
                  </span>
                )),
            },
          ]}
        />
      </CardBody>
      {ask && <ConfirmDialog ask={ask} close={() => setAsk(undefined)} />}
    </Card>
  );
}
