import { Button, Card, CardBody, CardHeader, CardTitle, EmptyState, EmptyStateActions, EmptyStateBody, EmptyStateFooter, Label, Skeleton, type LabelProps } from '@patternfly/react-core';
import { CubesIcon } from '@patternfly/react-icons';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useNavigate } from 'react-router';
import type { Image, Pool } from '../../api/types';
import { ConfirmDialog, type Confirmation } from '../../app/ConfirmDialog';
import { editVersion } from '../../maintenance/api';
import { MaintenanceNote } from '../../maintenance/MaintenanceNote';
import { FailureAlert } from '../../app/FailureAlert';
import { FailurePage } from '../../app/FailurePage';
import { useToasts } from '../../app/toasts';
import { useLanguage } from '../../i18n/language';
import { hasRight, useMe } from '../../identity/identity';
import { AdminPage } from '../AdminPage';
import { deleteVersion, deprecateVersion, images, pools, publishVersion } from '../api';
import { BuildImageDialog } from './BuildImageDialog';
import { BuildLog } from './BuildLog';
import { ImportDiskDialog } from './ImportDiskDialog';
import { RegisterImageDialog } from './RegisterImageDialog';
import { RowMenu, type MenuItem } from '../RowMenu';
import { usePages } from '../usePages';

type Version = Image['versions'][number];

const STATE: Partial<Record<Version['state'], LabelProps['status']>> = {
  BUILDING: 'info',
  READY: 'success',
  DEPRECATED: 'warning',
  ERROR: 'danger',
};

/** Golden images with their versions, and which pools are made of them. */
export function ImagesPage() {
  const { t } = useLanguage();
  const me = useMe();
  const writes = hasRight(me, 'image.write');
  const [registering, setRegistering] = useState<string | true>();
  const list = usePages(['image'], images);
  const used = usePages(['pool'], pools);
  const [importing, setImporting] = useState<string | true>();
  const register = writes && (
    <>
      <Button onClick={() => setRegistering(true)}>{t('images.register')}</Button>
      <Button variant="secondary" onClick={() => setImporting(true)}>
        {t('images.import')}
      </Button>
    </>
  );

  return (
    <AdminPage title={t('admin.images')} tools={register}>
      {!list.rows && list.failure ? (
        <FailurePage failure={list.failure} retry={list.retry} />
      ) : !list.rows ? (
        <Skeleton height="12rem" screenreaderText={t('state.loading')} />
      ) : list.rows.length === 0 ? (
        <EmptyState titleText={t('images.empty')} icon={CubesIcon} headingLevel="h2">
          <EmptyStateBody>{t('images.emptyHelp')}</EmptyStateBody>
          <EmptyStateFooter>
            <EmptyStateActions>{register}</EmptyStateActions>
          </EmptyStateFooter>
        </EmptyState>
      ) : (
        <div className="oriel-admin__stack">
          {list.failure && <FailureAlert failure={list.failure} retry={list.retry} />}
          {list.rows.map((image) => (
            <ImageCard
              key={image.name}
              image={image}
              pools={used.rows?.filter((pool) => pool.image === image.name) ?? []}
              {...(writes && { newVersion: () => setRegistering(image.name), importDisk: () => setImporting(image.name) })}
            />
          ))}
          {list.more && (
            <Button variant="secondary" isLoading={list.reading} onClick={list.more}>
              {t('table.more')}
            </Button>
          )}
        </div>
      )}
      {registering !== undefined && (
        <RegisterImageDialog {...(registering !== true && { name: registering })} close={() => setRegistering(undefined)} />
      )}
      {importing !== undefined && <ImportDiskDialog {...(importing !== true && { name: importing })} close={() => setImporting(undefined)} />}
    </AdminPage>
  );
}

interface CardProps {
  image: Image;
  pools: readonly Pool[];
  newVersion?: () => void;
  importDisk?: () => void;
}

function ImageCard({ image, pools: users, newVersion, importDisk }: CardProps) {
  const { t, n, date } = useLanguage();
  const client = useQueryClient();
  const toasts = useToasts();
  const navigate = useNavigate();
  const [ask, setAsk] = useState<Confirmation>();
  const [reading, setReading] = useState<number>();
  const [building, setBuilding] = useState(false);
  const refresh = (): void => void client.invalidateQueries({ queryKey: ['image'] });
  const nameOf = (version: Version): { name: string; version: number } => ({ name: image.displayName, version: version.version });
  const of = (version: Version): readonly Pool[] => users.filter((pool) => pool.imageVersion === version.version);

  const deprecate = (version: Version): void =>
    setAsk({
      title: t('images.deprecate.title', { name: image.displayName, version: version.version }),
      text: n('images.deprecate.text', of(version).length),
      confirm: t('images.deprecate'),
      act: async () => {
        await deprecateVersion(image.name, version.version);
        await client.invalidateQueries({ queryKey: ['image'] });
        toasts.success(t('images.deprecated', { name: image.displayName, version: version.version }));
      },
    });

  const edit = (version: Version): void =>
    void editVersion(image.name, version.version).then(() => {
      refresh();
      void navigate(`/images/${encodeURIComponent(image.name)}/edit`);
    }, toasts.failed);

  const publish = (version: Version): void =>
    setAsk({
      title: t('images.publish.title', nameOf(version)),
      text: t('images.publish.text'),
      confirm: t('images.publish'),
      act: async () => {
        await publishVersion(image.name, version.version);
        refresh();
        toasts.success(t('images.published', nameOf(version)));
      },
    });

  const remove = (version: Version): void =>
    setAsk({
      title: t('images.delete.title', nameOf(version)),
      text: t('images.delete.text'),
      confirm: t('images.delete'),
      destructive: true,
      act: () => deleteVersion(image.name, version.version).then(refresh),
    });

  const actions = (version: Version): MenuItem[] => {
    const list: MenuItem[] = [];
    if (version.state === 'DRAFT' || version.state === 'DEPRECATED') list.push({ title: t('images.publish'), onClick: () => publish(version) });
    if (!image.maintenance && ['READY', 'DRAFT', 'DEPRECATED'].includes(version.state)) {
      list.push({ title: t('maintenance.edit'), onClick: () => edit(version) });
    }
    if (version.state === 'READY') list.push({ title: t('images.deprecate'), onClick: () => deprecate(version) });
    list.push({ title: t('images.log'), onClick: () => setReading(version.version) });
    if (version.state !== 'BUILDING') list.push({ title: t('images.delete'), isDanger: true, onClick: () => remove(version) });
    return list;
  };

  return (
    <Card>
      <CardHeader
        hasWrap
        {...(newVersion && {
          actions: {
            actions: (
              <>
                <Button variant="secondary" size="sm" onClick={() => setBuilding(true)}>
                  {t('images.build')}
                </Button>{' '}
                <Button variant="secondary" size="sm" onClick={newVersion}>
                  {t('images.newVersion')}
                </Button>{' '}
                <Button variant="secondary" size="sm" onClick={importDisk}>
                  {t('images.import')}
                </Button>
              </>
            ),
          },
        })}
      >
        <CardTitle component="h2">
          {image.displayName} <span className="oriel-subtle oriel-small">{image.name}</span>
        </CardTitle>
      </CardHeader>
      <CardBody>
        {image.maintenance && <MaintenanceNote machine={image.maintenance} writes={newVersion !== undefined} />}
        <Table variant="compact" aria-label={t('images.versionsOf', { name: image.displayName })} className="oriel-table">
          <Thead>
            <Tr>
              <Th modifier="fitContent">{t('images.version')}</Th>
              <Th>{t('images.state')}</Th>
              <Th>{t('images.changelog')}</Th>
              <Th>{t('admin.pools')}</Th>
              <Th>{t('images.created')}</Th>
              {newVersion && <Th screenReaderText={t('table.actions')} />}
            </Tr>
          </Thead>
          <Tbody>
            {image.versions.map((version) => {
              const status = STATE[version.state];
              return (
                <Tr key={version.version} data-row={`${image.name}-${version.version}`}>
                  <Td dataLabel={t('images.version')}>{version.version}</Td>
                  <Td dataLabel={t('images.state')}>
                    <Label isCompact {...(status && { status })}>
                      {t(`images.state.${version.state}`)}
                    </Label>
                    {version.failure && <div className="oriel-failure">{version.failure}</div>}
                  </Td>
                  <Td dataLabel={t('images.changelog')}>{version.changelog ?? '–'}</Td>
                  <Td dataLabel={t('admin.pools')}>
                    {of(version).length === 0
                      ? '–'
                      : of(version).map((pool, i) => (
                          <span key={pool.id}>
                            {i > 0 && ', '}
                            <Link to={`/admin/pools/${pool.id}`}>{pool.displayName}</Link>
                          </span>
                        ))}
                  </Td>
                  <Td dataLabel={t('images.created')}>{date(version.created)}</Td>
                  {newVersion && (
                    <Td isActionCell>
                      <RowMenu
                        name={t('images.nameAndVersion', { name: image.displayName, version: version.version })}
                        items={actions(version)}
                      />
                    </Td>
                  )}
                </Tr>
              );
            })}
          </Tbody>
        </Table>
      </CardBody>
      {reading !== undefined && <BuildLog image={image.name} version={reading} close={() => setReading(undefined)} />}
      {building && <BuildImageDialog image={image} close={() => setBuilding(false)} />}
      {ask && <ConfirmDialog ask={ask} close={() => setAsk(undefined)} />}
    </Card>
  );
}
