import { Label } from '@patternfly/react-core';
import { VideoIcon } from '@patternfly/react-icons';
import { useLanguage } from '../i18n/language';

/** Whoever is recorded sees it, before the first picture and as long as there is one. */
export function RecordedBadge() {
  const { t } = useLanguage();
  return (
    <div className="oriel-recorded" role="note">
      <Label isCompact color="red" variant="filled" icon={<VideoIcon />} title={t('recorded.help')}>
        {t('recorded')}
      </Label>
    </div>
  );
}
