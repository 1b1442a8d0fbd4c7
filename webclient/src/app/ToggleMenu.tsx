import { Dropdown, type DropdownProps } from '@patternfly/react-core';

/**
 * A menu behind a button, as ARIA's pattern of menu buttons has it: opened, its first item has the focus; after a choice the
 * button has it, so that a dialog which the choice opens gives it back to something that is still there.
 */
export function ToggleMenu(props: DropdownProps) {
  return <Dropdown shouldFocusFirstItemOnOpen shouldFocusToggleOnSelect {...props} />;
}
