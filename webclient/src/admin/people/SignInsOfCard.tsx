import { Card, CardBody, CardTitle } from '@patternfly/react-core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { asFailure } from '../../api/failure';
import { ConfirmDialog, type Confirmation } from '../../app/ConfirmDialog';
import { useLanguage } from '../../i18n/language';
import { browserName } from '../../identity/browserName';
import { hasRight, useMe } from '../../identity/identity';
import { endSignInOf, signInsOf } from '../api';
import { DataTable } from '../DataTable';

/** Where a user is signed in. */
export function SignInsOfCard({ userId }: { userId: string }) {
  const { t, date } = useLanguage();
  const me = useMe();
  const client = useQueryClient();
  const [ask, setAsk] = useState<Confirmation>();
  const query = useQuery({ queryKey: ['user', userId, 'sign-ins'], queryFn: () => signInsOf(userId) });
  return (
    <Card>
      <CardTitle component="h2">{t('users.signIns')}</CardTitle>
      <CardBody>
        <DataTable
          label={t('users.signIns')}
          pages={{
            rows: query.data,
            failure: query.error ? asFailure(query.error) : undefined,
            retry: () => void query.refetch(),
            more: undefined,
            reading: false,
          }}
          rowKey={(signIn) => signIn.id}
          rowName={(signIn) => signIn.address}
          empty={t('users.noSignIns')}
          {...(hasRight(me, 'user.write') && {
            actions: (signIn: { id: string }) => [
              {
                title: t('users.endSignIn'),
                isDanger: true,
                onClick: () =>
                  setAsk({
                    title: t('users.endSignIn.title'),
                    text: t('users.endSignIn.text'),
                    confirm: t('users.endSignIn'),
                    destructive: true,
                    act: () => endSignInOf(userId, signIn.id).then(() => client.invalidateQueries({ queryKey: ['user', userId] })),
                  }),
              },
            ],
          })}
          columns={[
            { title: t('users.browser'), cell: (signIn) => browserName(signIn.userAgent) ?? t('security.signIns.unknown') },
            { title: t('audit.address'), cell: (signIn) => signIn.address },
            { title: t('users.lastUsed'), cell: (signIn) => date(signIn.lastUsed) },
          ]}
        />
      </CardBody>
      {ask && <ConfirmDialog ask={ask} close={() => setAsk(undefined)} />}
    </Card>
  );
}
