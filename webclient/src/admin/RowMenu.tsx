import { Divider, DropdownItem, DropdownList, MenuToggle, type MenuToggleElement } from '@patternfly/react-core';
import { EllipsisVIcon } from '@patternfly/react-icons';
import { useState, type ReactNode, type Ref } from 'react';
import { ToggleMenu } from '../app/ToggleMenu';
import { useLanguage } from '../i18n/language';

export type MenuItem =
  | { isSeparator: true }
  | {
      isSeparator?: false;
      title: string;
      /** Why it can't be chosen now, say. */
      description?: ReactNode;
      isDanger?: boolean;
      isAriaDisabled?: boolean;
      onClick: () => void;
    };

/** The three dots at the end of a row or in a page's head. */
export function RowMenu({ name, items }: { name: string; items: readonly MenuItem[] }) {
  const { t } = useLanguage();
  const [open, setOpen] = useState(false);
  if (items.length === 0) return null;
  return (
    <ToggleMenu
      isOpen={open}
      onOpenChange={setOpen}
      onSelect={() => setOpen(false)}
      popperProps={{ position: 'right', appendTo: () => document.body }}
      toggle={(ref: Ref<MenuToggleElement>) => (
        <MenuToggle
          ref={ref}
          variant="plain"
          icon={<EllipsisVIcon />}
          isExpanded={open}
          onClick={() => setOpen(!open)}
          aria-label={t('table.actionsOf', { name })}
        />
      )}
    >
      <DropdownList>
        {items.map((item, i) =>
          item.isSeparator ? (
            <Divider key={i} component="li" />
          ) : (
            <DropdownItem
              key={item.title}
              isDanger={item.isDanger ?? false}
              isAriaDisabled={item.isAriaDisabled ?? false}
              description={item.description}
              onClick={item.onClick}
            >
              {item.title}
            </DropdownItem>
          ),
        )}
      </DropdownList>
    </ToggleMenu>
  );
}
