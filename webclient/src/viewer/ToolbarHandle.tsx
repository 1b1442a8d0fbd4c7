import { AngleDownIcon, AngleUpIcon } from '@patternfly/react-icons';
import { useLanguage } from '../i18n/language';

/** What stays of a hidden toolbar: shows and hides it. */
export function ToolbarHandle({ open, toggle }: { open: boolean; toggle: () => void }) {
  const { t } = useLanguage();
  return (
    <button
      type="button"
      className="oriel-toolbar__handle"
      aria-expanded={open}
      aria-label={t(open ? 'viewer.hideToolbar' : 'viewer.showToolbar')}
      title={t('viewer.handleHelp')}
      onClick={toggle}
    >
      {open ? <AngleUpIcon /> : <AngleDownIcon />}
    </button>
  );
}
