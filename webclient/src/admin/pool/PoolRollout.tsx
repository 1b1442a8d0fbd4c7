import { Alert, Button, Card, CardBody, CardTitle, Checkbox, Form, FormGroup, FormSelect, FormSelectOption, Label, Progress, type LabelProps } from '@patternfly/react-core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { Image, Pool } from '../../api/types';
import { ConfirmDialog, type Confirmation } from '../../app/ConfirmDialog';
import { FailureAlert } from '../../app/FailureAlert';
import { useToasts } from '../../app/toasts';
import { useSubmit } from '../../app/useSubmit';
import { useLanguage } from '../../i18n/language';
import { hasRight, useMe } from '../../identity/identity';
import { cancelPush, images, pushVersion } from '../api';
import { Facts } from '../Facts';
import { NumberField } from '../NumberField';
import { readyVersions } from './poolDraft';

type Push = NonNullable<Pool['push']>;

const STATUS: Record<Push['state'], Pick<LabelProps, 'status' | 'color'>> = {
  CANARY: { status: 'info' },
  ROLLING: { status: 'info' },
  DONE: { status: 'success' },
  FAILED: { status: 'danger' },
  CANCELLED: { color: 'grey' },
};

export function isUnderWay(push: Push | undefined): push is Push {
  return push?.state === 'CANARY' || push?.state === 'ROLLING';
}

/** How far a new version has come: canaries first, then the others, a few at a time. */
export function PushProgress({ pool, push }: { pool: Pool; push: Push }) {
  const { t, n, date } = useLanguage();
  const me = useMe();
  const client = useQueryClient();
  const [ask, setAsk] = useState<Confirmation>();
  const active = isUnderWay(push);
  return (
    <section className="oriel-push" data-state={push.state} aria-label={t('push.progress')}>
      <p>
        <strong>{t('push.fromTo', { from: push.from, to: push.version })}</strong>{' '}
        <Label isCompact {...STATUS[push.state]}>
          {t(`push.state.${push.state}`)}
        </Label>
      </p>
      {push.failure && (
        <Alert isInline isPlain variant="danger" component="p" title={push.failure}>
          {push.state === 'FAILED' && t('push.failed', { version: push.from })}
        </Alert>
      )}
      <Progress
        value={push.machines > 0 ? (100 * push.machinesDone) / push.machines : push.state === 'DONE' ? 100 : 0}
        title={n('push.done', push.machinesDone, { all: push.machines })}
        measureLocation="outside"
        {...(push.state === 'FAILED' && { variant: 'danger' as const })}
        {...(push.state === 'DONE' && { variant: 'success' as const })}
      />
      <p className="oriel-subtle" aria-live="polite">
        {active && `${push.state === 'CANARY' ? n('push.canaries', push.canary) : n('push.atATime', push.maxUnavailable)} `}
        {push.finished ? t('push.finished', { time: date(push.finished) }) : t('push.started', { time: date(push.started) })}
      </p>
      {active && hasRight(me, 'pool.write') && (
        <Button
          variant="secondary"
          isDanger
          onClick={() =>
            setAsk({
              title: t('push.cancel.title', { version: push.version }),
              text: t('push.cancel.text', { version: push.from }),
              confirm: t('push.cancel'),
              destructive: true,
              act: async () => client.setQueryData(['pool', 'one', pool.id], await cancelPush(pool.id)),
            })
          }
        >
          {t('push.cancel')}
        </Button>
      )}
      {ask && <ConfirmDialog ask={ask} close={() => setAsk(undefined)} />}
    </section>
  );
}

/** Which version a pool's machines are made of, and how they come to another one. */
export function PoolRollout({ pool }: { pool: Pool }) {
  const { t } = useLanguage();
  const me = useMe();
  const known = useQuery({ queryKey: ['image', 'for-pool'], queryFn: () => images(), enabled: hasRight(me, 'image.read') });
  const image = known.data?.items.find((candidate) => candidate.name === pool.image);
  const changelog = image?.versions.find(({ version }) => version === pool.imageVersion)?.changelog;
  const busy = isUnderWay(pool.push);
  return (
    <div className="oriel-admin__grid">
      <Card>
        <CardTitle component="h2">{t('push.now')}</CardTitle>
        <CardBody>
          <Facts
            facts={[
              [t('pools.image'), image?.displayName ?? pool.image],
              [t('images.version'), pool.imageVersion],
              [t('images.changelog'), changelog],
            ]}
          />
          {pool.push && <PushProgress pool={pool} push={pool.push} />}
        </CardBody>
      </Card>
      {hasRight(me, 'pool.write') && (
        <Card>
          <CardTitle component="h2">{t('push.title')}</CardTitle>
          <CardBody>
            {busy ? (
              <p className="oriel-subtle">{t('push.busy')}</p>
            ) : !hasRight(me, 'image.read') ? (
              <p className="oriel-subtle">{t('push.noImages')}</p>
            ) : (
              image && <PushForm key={pool.imageVersion} pool={pool} image={image} />
            )}
          </CardBody>
        </Card>
      )}
    </div>
  );
}

function PushForm({ pool, image }: { pool: Pool; image: Image }) {
  const { t } = useLanguage();
  const client = useQueryClient();
  const toasts = useToasts();
  const versions = readyVersions(image).filter((version) => version !== pool.imageVersion);
  const [imageVersion, setVersion] = useState(versions[0] ?? 0);
  const [canary, setCanary] = useState(1);
  const [maxUnavailable, setMost] = useState(1);
  const [ask, setAsk] = useState(false);
  const { busy, failure, submit } = useSubmit(async () => {
    const after = await pushVersion(pool, { imageVersion, canary, maxUnavailable, ask });
    client.setQueryData(['pool', 'one', pool.id], after);
    toasts.success(t('push.begun', { version: imageVersion, name: pool.displayName }));
  });
  if (versions.length === 0) return <p className="oriel-subtle">{t('push.none')}</p>;
  return (
    <Form onSubmit={(event) => void submit(event)}>
      <p className="oriel-subtle">{t('push.help')}</p>
      {failure && <FailureAlert failure={failure} />}
      <FormGroup label={t('images.version')} fieldId="push-version">
        <FormSelect id="push-version" value={imageVersion} onChange={(_, value) => setVersion(Number(value))}>
          {versions.map((version) => {
            const changelog = image.versions.find((candidate) => candidate.version === version)?.changelog;
            return <FormSelectOption key={version} value={version} label={changelog ? `${version}: ${changelog}` : String(version)} />;
          })}
        </FormSelect>
      </FormGroup>
      <NumberField id="push-canary" label={t('push.canary')} help={t('push.canaryHelp')} least={0} most={Math.max(1, pool.size)} value={canary} change={setCanary} />
      <NumberField id="push-most" label={t('push.most')} help={t('push.mostHelp')} least={1} most={Math.max(1, pool.size)} value={maxUnavailable} change={setMost} />
      <Checkbox id="push-ask" label={t('push.ask')} description={t('push.askHelp')} isChecked={ask} onChange={(_, on) => setAsk(on)} />
      <div>
        <Button type="submit" isLoading={busy} isDisabled={busy}>
          {t('push.begin')}
        </Button>
      </div>
    </Form>
  );
}
