import { DropdownItem, DropdownList, MenuToggle, type MenuToggleElement } from '@patternfly/react-core';
import { useState, type Ref } from 'react';
import { ToggleMenu } from '../../app/ToggleMenu';
import { useLanguage } from '../../i18n/language';
import { exportAddress, type AuditFilter } from './filter';

const FORMATS = ['jsonl', 'syslog'] as const;

/** Saves what the filters show, as a file for other systems. The browser reads it straight to the disk. */
export function ExportMenu({ filter }: { filter: AuditFilter }) {
  const { t } = useLanguage();
  const [open, setOpen] = useState(false);
  return (
    <ToggleMenu
      isOpen={open}
      onOpenChange={setOpen}
      onSelect={() => setOpen(false)}
      popperProps={{ appendTo: 'inline' }}
      toggle={(ref: Ref<MenuToggleElement>) => (
        <MenuToggle ref={ref} isExpanded={open} onClick={() => setOpen(!open)}>
          {t('audit.export')}
        </MenuToggle>
      )}
    >
      <DropdownList>
        {FORMATS.map((format) => (
          <DropdownItem
            key={format}
            component="a"
            to={exportAddress(filter, format)}
            download={`oriel-audit.${format === 'jsonl' ? 'jsonl' : 'log'}`}
            description={t(`audit.export.${format}.help`)}
          >
            {t(`audit.export.${format}`)}
          </DropdownItem>
        ))}
      </DropdownList>
    </ToggleMenu>
  );
}
