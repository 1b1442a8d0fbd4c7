import { ActionsColumn, type IAction } from '@patternfly/react-table';
import { useLanguage } from '../i18n/language';

/** The three dots at the end of a row or in a page's head. */
export function RowMenu({ name, items }: { name: string; items: IAction[] }) {
  const { t } = useLanguage();
  if (items.length === 0) return null;
  return <ActionsColumn items={items} popperProps={{ position: 'right', appendTo: () => document.body }} aria-label={t('table.actionsOf', { name })} />;
}
