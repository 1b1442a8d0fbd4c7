import { Button, Card, CardBody, CardTitle, Form, FormSelect, FormSelectOption, InputGroup, InputGroupItem, TextInput } from '@patternfly/react-core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type SyntheticEvent } from 'react';
import { asFailure } from '../../api/failure';
import type { Entitlement } from '../../api/types';
import { ConfirmDialog, type Confirmation } from '../../app/ConfirmDialog';
import { useToasts } from '../../app/toasts';
import { useLanguage } from '../../i18n/language';
import { hasRight, useMe } from '../../identity/identity';
import { entitle, entitlements, revoke } from '../api';
import { DataTable } from '../DataTable';

/** Who may use a pool. */
export function EntitlementsCard({ poolId }: { poolId: string }) {
  const { t } = useLanguage();
  const me = useMe();
  const client = useQueryClient();
  const toasts = useToasts();
  const [kind, setKind] = useState<Entitlement['kind']>('user');
  const [subject, setSubject] = useState('');
  const [ask, setAsk] = useState<Confirmation>();
  const query = useQuery({ queryKey: ['entitlement', poolId], queryFn: () => entitlements(poolId) });
  const writes = hasRight(me, 'pool.write');
  const refresh = (): void => void client.invalidateQueries({ queryKey: ['entitlement'] });

  const add = async (event: SyntheticEvent): Promise<void> => {
    event.preventDefault();
    try {
      await entitle(poolId, { kind, subject: subject.trim() });
      setSubject('');
      refresh();
    } catch (error) {
      toasts.failed(error);
    }
  };

  return (
    <Card className="oriel-admin__wide">
      <CardTitle component="h2">{t('entitlements.title')}</CardTitle>
      <CardBody>
        {writes && (
          <Form onSubmit={(event) => void add(event)} className="oriel-entitle">
            <InputGroup>
              <InputGroupItem>
                <FormSelect
                  aria-label={t('entitlements.kind')}
                  value={kind}
                  onChange={(_, value) => setKind(value as Entitlement['kind'])}
                >
                  <FormSelectOption value="user" label={t('entitlements.user')} />
                  <FormSelectOption value="group" label={t('entitlements.group')} />
                </FormSelect>
              </InputGroupItem>
              <InputGroupItem isFill>
                <TextInput
                  aria-label={t('entitlements.subject')}
                  placeholder={t('entitlements.subject')}
                  maxLength={64}
                  value={subject}
                  onChange={(_, value) => setSubject(value)}
                />
              </InputGroupItem>
              <InputGroupItem>
                <Button type="submit" variant="control" isDisabled={!subject.trim()}>
                  {t('entitlements.add')}
                </Button>
              </InputGroupItem>
            </InputGroup>
          </Form>
        )}
        <DataTable
          label={t('entitlements.title')}
          pages={{
            rows: query.data,
            failure: query.error ? asFailure(query.error) : undefined,
            retry: () => void query.refetch(),
            more: undefined,
            reading: false,
          }}
          rowKey={(entitlement) => entitlement.id}
        rowName={(entitlement) => entitlement.subject}
          empty={t('entitlements.empty')}
          {...(writes && {
            actions: (entitlement: Entitlement) => [
              {
                title: t('entitlements.revoke'),
                isDanger: true,
                onClick: () =>
                  setAsk({
                    title: t('entitlements.revoke.title', { name: entitlement.subject }),
                    text: t('entitlements.revoke.text'),
                    confirm: t('entitlements.revoke'),
                    destructive: true,
                    act: () => revoke(entitlement).then(refresh),
                  }),
              },
            ],
          })}
          columns={[
            { title: t('entitlements.kind'), cell: (entitlement) => t(`entitlements.${entitlement.kind}`) },
            { title: t('entitlements.subject'), cell: (entitlement) => entitlement.subject },
          ]}
        />
      </CardBody>
      {ask && <ConfirmDialog ask={ask} close={() => setAsk(undefined)} />}
    </Card>
  );
}
