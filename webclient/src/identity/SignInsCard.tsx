import {
  Button,
  Card,
  CardBody,
  CardTitle,
  DataList,
  DataListAction,
  DataListCell,
  DataListItem,
  DataListItemCells,
  DataListItemRow,
  Label,
} from '@patternfly/react-core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { asFailure } from '../api/failure';
import { FailureAlert } from '../app/FailureAlert';
import { useToasts } from '../app/toasts';
import { useLanguage } from '../i18n/language';
import { endSignIn, signIns } from './api';
import { browserName } from './browserName';

const KEY = ['sign-ins'];

/** Where one is signed in, and the end of it. */
export function SignInsCard() {
  const { t, date } = useLanguage();
  const client = useQueryClient();
  const toasts = useToasts();
  const list = useQuery({ queryKey: KEY, queryFn: signIns });

  const end = async (id: string): Promise<void> => {
    try {
      await endSignIn(id);
      toasts.success(t('security.signIns.ended'));
    } catch (error) {
      toasts.failed(error);
    }
    await client.invalidateQueries({ queryKey: KEY });
  };

  return (
    <Card>
      <CardTitle component="h2" id="sign-ins">
        {t('security.signIns')}
      </CardTitle>
      <CardBody>
        {list.error && <FailureAlert failure={asFailure(list.error)} />}
        <DataList aria-label={t('security.signIns')} isCompact>
          {(list.data ?? []).map((signIn) => (
            <DataListItem key={signIn.id} aria-labelledby={`sign-in-${signIn.id}`}>
              <DataListItemRow>
                <DataListItemCells
                  dataListCells={[
                    <DataListCell key="what" width={3}>
                      <span id={`sign-in-${signIn.id}`}>
                        {browserName(signIn.userAgent) ?? t('security.signIns.unknown')}
                      </span>{' '}
                      {signIn.current && <Label color="green">{t('security.here')}</Label>}
                      <div className="oriel-subtle">
                        {signIn.address} · {t('security.signIns.lastUsed', { time: date(signIn.lastUsed) })}
                      </div>
                    </DataListCell>,
                  ]}
                />
                {!signIn.current && (
                  <DataListAction
                    aria-labelledby={`sign-in-${signIn.id}`}
                    aria-label={t('security.signIns.end')}
                    id={`sign-in-${signIn.id}-end`}
                  >
                    <Button variant="secondary" size="sm" onClick={() => void end(signIn.id)}>
                      {t('security.signIns.end')}
                    </Button>
                  </DataListAction>
                )}
              </DataListItemRow>
            </DataListItem>
          ))}
        </DataList>
      </CardBody>
    </Card>
  );
}
