import {
  Divider,
  DropdownGroup,
  DropdownItem,
  DropdownList,
  MenuToggle,
  type MenuToggleElement,
} from '@patternfly/react-core';
import { UserIcon } from '@patternfly/react-icons';
import { lazy, Suspense, useState, type Ref } from 'react';
import { useNavigate } from 'react-router';
import { LANGUAGES, useLanguage } from '../i18n/language';
import type { Language } from '../i18n/translate';
import { useIdentity, useMe } from '../identity/identity';
import { useTheme, type Theme } from './theme';
import { ToggleMenu } from './ToggleMenu';
import { useToasts } from './toasts';

const ChangePasswordDialog = lazy(() => import('../identity/ChangePasswordDialog'));
const THEMES: readonly Theme[] = ['system', 'light', 'dark'];

export function AccountMenu() {
  const { t, language, choose } = useLanguage();
  const { signOut } = useIdentity();
  const me = useMe();
  const toasts = useToasts();
  const [theme, chooseTheme] = useTheme();
  const navigate = useNavigate();
  const [open, setOpen] = useState(false);
  const [changingPassword, setChangingPassword] = useState(false);

  return (
    <>
      <ToggleMenu
        isOpen={open}
        onOpenChange={setOpen}
        popperProps={{ position: 'right' }}
        toggle={(ref: Ref<MenuToggleElement>) => (
          <MenuToggle
            ref={ref}
            variant="plainText"
            icon={<UserIcon />}
            isExpanded={open}
            onClick={() => setOpen(!open)}
            aria-label={t('account.menu', { name: me.displayName })}
            className="oriel-account"
          >
            <span className="oriel-account__name">{me.displayName || me.username}</span>
          </MenuToggle>
        )}
      >
        <DropdownGroup label={t('account.theme')}>
          <DropdownList>
            {THEMES.map((choice) => (
              <DropdownItem
                key={choice}
                isSelected={theme === choice}
                aria-current={theme === choice ? 'true' : undefined}
                onClick={() => chooseTheme(choice)}
              >
                {t(`account.theme.${choice}`)}
              </DropdownItem>
            ))}
          </DropdownList>
        </DropdownGroup>
        <Divider />
        <DropdownGroup label={t('account.language')}>
          <DropdownList>
            {(Object.keys(LANGUAGES) as Language[]).map((code) => (
              <DropdownItem
                key={code}
                lang={code}
                isSelected={language === code}
                aria-current={language === code ? 'true' : undefined}
                onClick={() => choose(code)}
              >
                {LANGUAGES[code]}
              </DropdownItem>
            ))}
          </DropdownList>
        </DropdownGroup>
        <Divider />
        <DropdownList>
          <DropdownItem
            onClick={() => {
              setOpen(false);
              void navigate('/account');
            }}
          >
            {t('account.security')}
          </DropdownItem>
          <DropdownItem
            onClick={() => {
              setOpen(false);
              setChangingPassword(true);
            }}
          >
            {t('account.changePassword')}
          </DropdownItem>
          <DropdownItem onClick={() => void signOut().catch(toasts.failed)}>{t('account.signOut')}</DropdownItem>
        </DropdownList>
      </ToggleMenu>
      {changingPassword && (
        <Suspense fallback={null}>
          <ChangePasswordDialog close={() => setChangingPassword(false)} />
        </Suspense>
      )}
    </>
  );
}
