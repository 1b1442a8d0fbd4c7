import {
  Button,
  Card,
  CardBody,
  CardFooter,
  CardTitle,
  ClipboardCopy,
  Content,
  DataList,
  DataListAction,
  DataListCell,
  DataListItem,
  DataListItemCells,
  DataListItemRow,
  Form,
  FormGroup,
  Modal,
  ModalBody,
  ModalFooter,
  ModalHeader,
  TextInput,
} from '@patternfly/react-core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { asFailure } from '../api/failure';
import { ConfirmDialog } from '../app/ConfirmDialog';
import { FailureAlert } from '../app/FailureAlert';
import { useSubmit } from '../app/useSubmit';
import { useLanguage } from '../i18n/language';
import { deleteToken, makeToken, tokens, type ApiToken } from './api';

const KEY = ['tokens'];
const DEFAULT_DAYS = 90;
const MOST_DAYS = 366;

/** One's tokens for programs. */
export function TokensCard() {
  const { t, date } = useLanguage();
  const client = useQueryClient();
  const list = useQuery({ queryKey: KEY, queryFn: tokens });
  const [making, setMaking] = useState(false);
  const [deleting, setDeleting] = useState<ApiToken>();
  const changed = (): Promise<void> => client.invalidateQueries({ queryKey: KEY });

  return (
    <Card>
      <CardTitle component="h2" id="tokens">
        {t('tokens.title')}
      </CardTitle>
      <CardBody>
        <Content component="p">{t('tokens.lead')}</Content>
        {list.error && <FailureAlert failure={asFailure(list.error)} />}
        {list.data?.length === 0 && <p className="oriel-subtle">{t('tokens.none')}</p>}
        {list.data && list.data.length > 0 && (
          <DataList aria-label={t('tokens.title')} isCompact>
            {list.data.map((token) => (
              <DataListItem key={token.id} aria-labelledby={`token-${token.id}`}>
                <DataListItemRow>
                  <DataListItemCells
                    dataListCells={[
                      <DataListCell key="what" width={3}>
                        <span id={`token-${token.id}`}>{token.name}</span>
                        <div className="oriel-subtle">
                          {t('tokens.expires', { time: date(token.expires) })} ·{' '}
                          {token.lastUsed
                            ? t('tokens.used', { time: date(token.lastUsed), address: token.lastAddress ?? '' })
                            : t('tokens.unused')}
                        </div>
                      </DataListCell>,
                    ]}
                  />
                  <DataListAction
                    aria-labelledby={`token-${token.id}`}
                    aria-label={t('tokens.delete')}
                    id={`token-${token.id}-delete`}
                  >
                    <Button variant="secondary" size="sm" onClick={() => setDeleting(token)}>
                      {t('tokens.delete')}
                    </Button>
                  </DataListAction>
                </DataListItemRow>
              </DataListItem>
            ))}
          </DataList>
        )}
      </CardBody>
      <CardFooter>
        <Button variant="secondary" onClick={() => setMaking(true)}>
          {t('tokens.make')}
        </Button>
      </CardFooter>
      {making && (
        <MakeTokenDialog
          close={() => {
            setMaking(false);
            void changed();
          }}
        />
      )}
      {deleting && (
        <ConfirmDialog
          ask={{
            title: t('tokens.delete.title', { name: deleting.name }),
            text: t('tokens.delete.text'),
            confirm: t('tokens.delete'),
            destructive: true,
            act: async () => {
              await deleteToken(deleting.id);
              await changed();
            },
          }}
          close={() => setDeleting(undefined)}
        />
      )}
    </Card>
  );
}

function MakeTokenDialog({ close }: { close: () => void }) {
  const { t } = useLanguage();
  const [name, setName] = useState('');
  const [days, setDays] = useState(String(DEFAULT_DAYS));
  const [made, setMade] = useState<string>();
  const wanted = Number(days);
  const fits = Number.isInteger(wanted) && wanted >= 1 && wanted <= MOST_DAYS;

  const { busy, failure, submit } = useSubmit(async () => setMade(await makeToken(name.trim(), wanted)));

  return (
    <Modal isOpen variant="small" onClose={close} aria-labelledby="token-title">
      <ModalHeader
        title={t(made ? 'tokens.made' : 'tokens.make')}
        labelId="token-title"
        {...(made && { description: t('tokens.made.help') })}
      />
      <ModalBody>
        {made ? (
          <ClipboardCopy isReadOnly hoverTip={t('action.copy')} clickTip={t('action.copied')} textAriaLabel={t('tokens.made')}>
            {made}
          </ClipboardCopy>
        ) : (
          <Form id="token-form" onSubmit={(event) => void submit(event)}>
            {failure && <FailureAlert failure={failure} />}
            <FormGroup label={t('tokens.name')} fieldId="token-name" isRequired>
              <TextInput
                id="token-name"
                autoFocus
                isRequired
                maxLength={80}
                value={name}
                onChange={(_, value) => setName(value)}
              />
            </FormGroup>
            <FormGroup label={t('tokens.days')} fieldId="token-days" isRequired>
              <TextInput
                id="token-days"
                type="number"
                min={1}
                max={MOST_DAYS}
                isRequired
                validated={fits ? 'default' : 'error'}
                value={days}
                onChange={(_, value) => setDays(value)}
              />
            </FormGroup>
          </Form>
        )}
      </ModalBody>
      <ModalFooter>
        {made ? (
          <Button onClick={close}>{t('action.close')}</Button>
        ) : (
          <>
            <Button type="submit" form="token-form" isLoading={busy} isDisabled={busy || !name.trim() || !fits}>
              {t('tokens.make')}
            </Button>
            <Button variant="link" onClick={close}>
              {t('action.cancel')}
            </Button>
          </>
        )}
      </ModalFooter>
    </Modal>
  );
}
