import {
  Alert,
  Breadcrumb,
  BreadcrumbItem,
  Form,
  FormGroup,
  FormHelperText,
  HelperText,
  HelperTextItem,
  Skeleton,
  TextArea,
  TextInput,
  Wizard,
  WizardStep,
} from '@patternfly/react-core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useNavigate } from 'react-router';
import { asFailure } from '../../api/failure';
import type { Entitlement, Image } from '../../api/types';
import { FailureAlert } from '../../app/FailureAlert';
import { FailurePage } from '../../app/FailurePage';
import { useToasts } from '../../app/toasts';
import { useSubmit } from '../../app/useSubmit';
import { useLanguage } from '../../i18n/language';
import { AdminPage } from '../AdminPage';
import { createPool, entitle, images } from '../api';
import { groupNames } from '../people/names';
import { Facts } from '../Facts';
import { wire, type Policy } from './policy';
import { PolicyFacts } from './PolicyFacts';
import { PolicySections, type PolicyEdit } from './policySections';
import { CapacityFields, ImageFields, MachineFields } from './PoolFields';
import { ID, idFor, newDraft, readyVersions, type PoolDraft } from './poolDraft';

/** The group that every account is in. */
const EVERYONE = 'everyone';

/** Makes a pool, in small steps. Every answer has a default that works. */
export function PoolWizardPage() {
  const { t } = useLanguage();
  const query = useQuery({ queryKey: ['image', 'for-pool'], queryFn: () => images() });
  const usable = query.data?.items.filter((image) => readyVersions(image).length > 0);

  return (
    <AdminPage
      title={t('pools.create')}
      crumbs={
        <Breadcrumb className="oriel-admin__crumbs">
          <BreadcrumbItem render={({ className }) => <Link className={className} to="/admin/pools">{t('admin.pools')}</Link>} />
          <BreadcrumbItem isActive>{t('pools.create')}</BreadcrumbItem>
        </Breadcrumb>
      }
    >
      {query.error ? (
        <FailurePage failure={asFailure(query.error)} retry={() => void query.refetch()} />
      ) : !usable ? (
        <Skeleton height="20rem" screenreaderText={t('state.loading')} />
      ) : usable.length === 0 ? (
        <Alert isInline variant="info" component="p" title={t('wizard.noImage')}>
          <Link to="/admin/images">{t('wizard.toImages')}</Link>
        </Alert>
      ) : (
        <PoolWizard images={usable} />
      )}
    </AdminPage>
  );
}

function PoolWizard({ images: usable }: { images: readonly Image[] }) {
  const { t } = useLanguage();
  const navigate = useNavigate();
  const client = useQueryClient();
  const toasts = useToasts();
  const [draft, setDraft] = useState(() => newDraft(usable));
  const [ownId, setOwnId] = useState(false);
  const [everyone, setEveryone] = useState(false);
  const [users, setUsers] = useState('');
  const [groups, setGroups] = useState('');

  const change = (part: Partial<PoolDraft>): void => setDraft((before) => ({ ...before, ...part }));
  const changePolicy = (part: Partial<Policy>): void => setDraft((before) => ({ ...before, policy: { ...before.policy, ...part } }));
  const edit: PolicyEdit = { policy: draft.policy, change: changePolicy, pool: draft, exists: false };
  const named = draft.displayName.trim() !== '' && ID.test(draft.id);
  const to: Pick<Entitlement, 'kind' | 'subject'>[] = [
    ...(everyone ? [{ kind: 'group' as const, subject: EVERYONE }] : []),
    ...groupNames(groups).map((subject) => ({ kind: 'group' as const, subject })),
    ...groupNames(users).map((subject) => ({ kind: 'user' as const, subject })),
  ];
  const image = usable.find((candidate) => candidate.name === draft.image);

  const { busy, failure, submit } = useSubmit(async () => {
    const { description, policy, ...rest } = draft;
    const pool = await createPool({
      ...rest,
      displayName: draft.displayName.trim(),
      policy: wire(policy),
      ...(description.trim() && { description: description.trim() }),
    });
    // The pool is there: whoever can't be entitled is told on its page, where it can be put right.
    for (const entitlement of to) await entitle(pool.id, entitlement).catch(toasts.failed);
    void client.invalidateQueries({ queryKey: ['pool'] });
    toasts.success(t('wizard.created', { name: pool.displayName }));
    void navigate(`/admin/pools/${pool.id}`);
  });
  const footer = { nextButtonText: t('wizard.next'), backButtonText: t('wizard.back'), cancelButtonText: t('action.cancel') };

  return (
    <Wizard
      className="oriel-wizard"
      navAriaLabel={t('wizard.steps')}
      onClose={() => void navigate('/admin/pools')}
      onSave={() => void submit()}
    >
      <WizardStep
        id="name"
        name={t('wizard.name')}
        footer={{ isNextDisabled: !named, nextButtonText: t('wizard.next'), cancelButtonText: t('action.cancel'), isBackHidden: true }}
      >
        <Form onSubmit={(event) => event.preventDefault()}>
          <FormGroup label={t('wizard.displayName')} fieldId="pool-display-name" isRequired>
            <TextInput
              id="pool-display-name"
              isRequired
              autoFocus
              maxLength={120}
              value={draft.displayName}
              onChange={(_, displayName) => change({ displayName, ...(!ownId && { id: idFor(displayName) }) })}
            />
          </FormGroup>
          <FormGroup label={t('wizard.id')} fieldId="pool-id" isRequired>
            <TextInput
              id="pool-id"
              isRequired
              maxLength={40}
              spellCheck={false}
              autoCapitalize="none"
              aria-describedby="pool-id-help"
              validated={draft.id !== '' && !ID.test(draft.id) ? 'error' : 'default'}
              value={draft.id}
              onChange={(_, id) => {
                setOwnId(true);
                change({ id });
              }}
            />
            <FormHelperText>
              <HelperText id="pool-id-help">
                <HelperTextItem>{t('wizard.idHelp')}</HelperTextItem>
              </HelperText>
            </FormHelperText>
          </FormGroup>
          <FormGroup label={t('wizard.description')} fieldId="pool-description">
            <TextArea
              id="pool-description"
              rows={2}
              maxLength={1000}
              resizeOrientation="vertical"
              value={draft.description}
              onChange={(_, description) => change({ description })}
            />
          </FormGroup>
        </Form>
      </WizardStep>
      <WizardStep
        id="machine"
        name={t('wizard.machine')}
        isDisabled={!named}
        footer={footer}
      >
        <Form onSubmit={(event) => event.preventDefault()}>
          <ImageFields draft={draft} change={change} images={usable} />
          <PolicySections where={{ step: 'machine' }} edit={edit} before={{ machine: <MachineFields draft={draft} change={change} /> }} />
        </Form>
      </WizardStep>
      <WizardStep
        id="capacity"
        name={t('wizard.capacity')}
        isDisabled={!named}
        footer={footer}
      >
        <Form onSubmit={(event) => event.preventDefault()}>
          <PolicySections where={{ step: 'capacity' }} edit={edit} before={{ capacity: <CapacityFields draft={draft} change={change} /> }} />
        </Form>
      </WizardStep>
      <WizardStep id="sessions" name={t('admin.sessions')} isDisabled={!named} footer={footer}>
        <Form onSubmit={(event) => event.preventDefault()}>
          <PolicySections where={{ step: 'sessions' }} edit={edit} />
        </Form>
      </WizardStep>
      <WizardStep id="network" name={t('policy.network')} isDisabled={!named} footer={footer}>
        <Form onSubmit={(event) => event.preventDefault()}>
          <PolicySections where={{ step: 'network' }} edit={edit} />
        </Form>
      </WizardStep>
      <WizardStep id="calendar" name={t('schedule.title')} isDisabled={!named} footer={footer}>
        <Form onSubmit={(event) => event.preventDefault()}>
          <p className="oriel-subtle">{t('wizard.calendarHelp')}</p>
          <PolicySections where={{ step: 'calendar' }} edit={edit} />
        </Form>
      </WizardStep>
      <WizardStep
        id="people"
        name={t('wizard.people')}
        isDisabled={!named}
        footer={footer}
      >
        <Form onSubmit={(event) => event.preventDefault()}>
          <p className="oriel-subtle">{t('wizard.peopleHelp')}</p>
          <label className="oriel-check">
            <input type="checkbox" checked={everyone} onChange={(event) => setEveryone(event.currentTarget.checked)} /> {t('wizard.everyone')}
          </label>
          <FormGroup label={t('wizard.groups')} fieldId="pool-groups">
            <TextInput id="pool-groups" isDisabled={everyone} placeholder={t('users.groupsHelp')} value={groups} onChange={(_, value) => setGroups(value)} />
          </FormGroup>
          <FormGroup label={t('wizard.users')} fieldId="pool-users">
            <TextInput id="pool-users" isDisabled={everyone} placeholder={t('users.groupsHelp')} value={users} onChange={(_, value) => setUsers(value)} />
          </FormGroup>
        </Form>
      </WizardStep>
      <WizardStep
        id="review"
        name={t('wizard.review')}
        isDisabled={!named}
        footer={{
          nextButtonText: t('pools.create'),
          backButtonText: t('wizard.back'),
          cancelButtonText: t('action.cancel'),
          isNextDisabled: busy,
          nextButtonProps: { isLoading: busy },
        }}
      >
        {failure && <FailureAlert failure={failure} />}
        <Facts
          facts={[
            [t('wizard.displayName'), draft.displayName],
            [t('wizard.id'), draft.id],
            [t('pools.image'), t('images.nameAndVersion', { name: image?.displayName ?? draft.image, version: draft.imageVersion })],
            [
              t('pools.machine'),
              t('pools.machineSize', { vcpus: draft.vcpus, memory: draft.memoryMib, width: draft.width, height: draft.height }),
            ],
            [t('pools.size'), draft.size],
            [t('pools.warm'), draft.warm],
            [t('entitlements.title'), to.length > 0 ? to.map(({ subject }) => subject).join(', ') : t('wizard.nobody')],
          ]}
        />
        <div className="oriel-wizard__policy">
          <PolicyFacts policy={draft.policy} />
        </div>
      </WizardStep>
    </Wizard>
  );
}
