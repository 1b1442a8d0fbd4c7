import { Content, FileUpload, PageSection, Title } from '@patternfly/react-core';
import { useMemo, useState } from 'react';
import { Shell } from '../../app/Shell';
import { useTitle } from '../../app/useTitle';
import { useLanguage } from '../../i18n/language';
import { fileSource } from './recording';
import { RecordingPlayer } from './RecordingPlayer';

/** Plays a recording that is on this computer. It stays there. */
export default function RecordingPage() {
  const { t } = useLanguage();
  useTitle(t('recording.title'));
  const [file, setFile] = useState<File>();
  const source = useMemo(() => file && fileSource(file), [file]);
  return (
    <Shell>
      <PageSection>
        <Title headingLevel="h1">{t('recording.title')}</Title>
        <Content component="p">{t('recording.help')}</Content>
        <FileUpload
          id="recording-file"
          aria-label={t('recording.file')}
          filename={file?.name ?? ''}
          filenamePlaceholder={t('recording.file')}
          browseButtonText={t('recording.choose')}
          clearButtonText={t('action.close')}
          hideDefaultPreview
          onFileInputChange={(_event, chosen) => setFile(chosen)}
          onClearClick={() => setFile(undefined)}
        />
        {file && source && <RecordingPlayer key={`${file.name} ${file.lastModified}`} source={source} name={file.name} />}
      </PageSection>
    </Shell>
  );
}
