import { Card, CardBody, CardTitle, Label } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { asFailure } from '../api/failure';
import { about, loginOptions, ready } from '../api/portal';
import { FailureAlert } from '../app/FailureAlert';
import { useStreamStatus } from '../app/live';
import { useLanguage } from '../i18n/language';
import { AdminPage } from './AdminPage';
import { Facts } from './Facts';

/** What the server says of itself. Most of its settings are in its configuration file, and the API has none of them. */
export function SettingsPage() {
  const { t } = useLanguage();
  const product = useQuery({ queryKey: ['about'], queryFn: about, staleTime: Infinity });
  const health = useQuery({ queryKey: ['ready'], queryFn: ready });
  const ways = useQuery({ queryKey: ['login-options'], queryFn: loginOptions, staleTime: Infinity });
  const stream = useStreamStatus();
  const failed = product.error ?? health.error ?? ways.error;
  return (
    <AdminPage title={t('admin.settings')}>
      {failed && <FailureAlert failure={asFailure(failed)} retry={() => void Promise.all([product.refetch(), health.refetch(), ways.refetch()])} />}
      <div className="oriel-admin__grid" aria-busy={!product.data && !failed}>
        <Card>
          <CardTitle component="h2">{t('settings.server')}</CardTitle>
          <CardBody>
            <Facts
              facts={[
                [t('settings.version'), product.data && `${product.data.product} ${product.data.version}`],
                [
                  t('settings.ready'),
                  health.data && (
                    <Label key="ready" isCompact status={health.data.status === 'UP' ? 'success' : 'danger'}>
                      {health.data.status === 'UP' ? t('settings.isReady') : t('settings.notReady', { detail: health.data.detail ?? '' })}
                    </Label>
                  ),
                ],
                [
                  t('settings.events'),
                  <Label key="events" isCompact status={stream === 'live' ? 'success' : 'warning'}>
                    {t(`settings.events.${stream}`)}
                  </Label>,
                ],
                [t('settings.notice'), product.data?.notice],
              ]}
            />
          </CardBody>
        </Card>
        <Card>
          <CardTitle component="h2">{t('settings.signIn')}</CardTitle>
          <CardBody>
            <ul className="oriel-lines">
              {ways.data?.local && <li>{t('settings.local')}</li>}
              {ways.data?.oidc && (
                <li>
                  {t('settings.oidc')}: {ways.data.oidc.label}
                </li>
              )}
            </ul>
          </CardBody>
        </Card>
        <Card className="oriel-admin__wide">
          <CardTitle component="h2">{t('settings.elsewhere')}</CardTitle>
          <CardBody>{t('settings.elsewhere.help')}</CardBody>
        </Card>
      </div>
    </AdminPage>
  );
}
