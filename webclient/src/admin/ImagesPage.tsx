import { Label, type LabelProps } from '@patternfly/react-core';
import type { Image } from '../api/types';
import { useLanguage } from '../i18n/language';
import { AdminPage } from './AdminPage';
import { images } from './api';
import { DataTable } from './DataTable';
import { usePages } from './usePages';

type Version = Image['versions'][number];

const STATE: Partial<Record<Version['state'], LabelProps['status']>> = {
  BUILDING: 'info',
  READY: 'success',
  ERROR: 'danger',
};

/** Golden images, a row for each version. */
export function ImagesPage() {
  const { t, date } = useLanguage();
  const pages = usePages(['image'], images);
  const rows = pages.rows?.flatMap((image) => image.versions.map((version) => ({ image, version })));

  return (
    <AdminPage title={t('admin.images')}>
      <DataTable
        label={t('admin.images')}
        pages={{ ...pages, rows }}
        rowKey={({ image, version }) => `${image.name}-${version.version}`}
        empty={t('images.empty')}
        columns={[
          {
            title: t('images.name'),
            cell: ({ image }) => (
              <>
                <strong>{image.displayName}</strong>
                <br />
                <span className="oriel-subtle">{image.name}</span>
              </>
            ),
          },
          { title: t('images.version'), cell: ({ version }) => version.version },
          {
            title: t('images.state'),
            cell: ({ version }) => {
              const status = STATE[version.state];
              return (
                <>
                  <Label isCompact {...(status && { status })}>
                    {t(`images.state.${version.state}`)}
                  </Label>
                  {version.failure && <div className="oriel-failure">{version.failure}</div>}
                </>
              );
            },
          },
          { title: t('images.changelog'), cell: ({ version }) => version.changelog ?? '–' },
          { title: t('images.created'), cell: ({ version }) => date(version.created) },
        ]}
      />
    </AdminPage>
  );
}
