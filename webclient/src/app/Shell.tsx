import {
  Masthead,
  MastheadBrand,
  MastheadContent,
  MastheadLogo,
  MastheadMain,
  MastheadToggle,
  Page,
  PageToggleButton,
  SkipToContent,
} from '@patternfly/react-core';
import { useEffect, type ReactNode } from 'react';
import { NavLink, useLocation, type LinkProps, Link } from 'react-router';
import { Logo } from '../brand/Logo';
import { useLanguage } from '../i18n/language';
import { isHelper, isOperator, useMe } from '../identity/identity';
import { SignInExpiry } from '../identity/SignInExpiry';
import { AccountMenu } from './AccountMenu';
import { ConnectionBanner } from './ConnectionBanner';
import { useFirstPage } from './firstPage';

const HomeLink = (props: Omit<LinkProps, 'to'>) => <Link {...props} to="/" />;

/** A link with a name that is shorter in a narrow window. */
function AreaLink({ name, short, ...link }: { to: string; end?: boolean; name: string; short: string }) {
  return (
    <NavLink {...link}>
      <span className="oriel-areas__long">{name}</span>
      <span className="oriel-areas__short">{short}</span>
    </NavLink>
  );
}

/** Masthead and page of everything but the viewer and the sign-in page. */
export function Shell({ children, sidebar }: { children: ReactNode; sidebar?: ReactNode }) {
  const { t } = useLanguage();
  const me = useMe();
  const { pathname, key } = useLocation();
  // The browser begins the page that it loads itself, at the link that skips what is before the content.
  const loaded = useFirstPage() === key;

  // A new page is read from its beginning, also by a screen reader, unless it begins with a field that waits for input.
  useEffect(() => {
    const main = document.getElementById('main');
    if (!loaded && !main?.contains(document.activeElement)) main?.focus({ preventScroll: true });
  }, [pathname, loaded]);

  const masthead = (
    <Masthead className="oriel-masthead" display={{ default: 'inline' }}>
      <MastheadMain>
        {sidebar && (
          <MastheadToggle>
            <PageToggleButton isHamburgerButton aria-label={t('nav.sidebar')} />
          </MastheadToggle>
        )}
        <MastheadBrand>
          <MastheadLogo component={HomeLink} aria-label={t('nav.home')}>
            <Logo />
          </MastheadLogo>
        </MastheadBrand>
      </MastheadMain>
      <MastheadContent>
        {isOperator(me) && (
          <nav className="oriel-areas" aria-label={t('nav.areas')}>
            <AreaLink to="/" end name={t('desktops.title')} short={t('desktops.short')} />
            {isHelper(me) && <AreaLink to="/helpdesk" name={t('helpdesk.title')} short={t('helpdesk.title')} />}
            <AreaLink to="/admin" name={t('admin.title')} short={t('admin.short')} />
          </nav>
        )}
        <div className="oriel-masthead__end">
          <AccountMenu />
        </div>
      </MastheadContent>
    </Masthead>
  );

  return (
    <Page
      masthead={masthead}
      mainContainerId="main"
      mainTabIndex={-1}
      skipToContent={<SkipToContent href="#main">{t('nav.skip')}</SkipToContent>}
      banner={<ConnectionBanner />}
      {...(sidebar && { isManagedSidebar: true, sidebar })}
    >
      {children}
      <SignInExpiry />
    </Page>
  );
}
