import {
  Masthead,
  MastheadBrand,
  MastheadContent,
  MastheadLogo,
  MastheadMain,
  Page,
  SkipToContent,
} from '@patternfly/react-core';
import { useEffect, type ReactNode } from 'react';
import { NavLink, useLocation, type LinkProps, Link } from 'react-router';
import { Logo } from '../brand/Logo';
import { useLanguage } from '../i18n/language';
import { isOperator, useMe } from '../identity/identity';
import { AccountMenu } from './AccountMenu';
import { ConnectionBanner } from './ConnectionBanner';

const HomeLink = (props: Omit<LinkProps, 'to'>) => <Link {...props} to="/" />;

/** Masthead and page of everything but the viewer and the sign-in page. */
export function Shell({ children, subnav }: { children: ReactNode; subnav?: ReactNode }) {
  const { t } = useLanguage();
  const me = useMe();
  const { pathname } = useLocation();

  // A new page is read from its beginning, also by a screen reader.
  useEffect(() => {
    document.getElementById('main')?.focus({ preventScroll: true });
  }, [pathname]);

  const masthead = (
    <Masthead className="oriel-masthead" display={{ default: 'inline' }}>
      <MastheadMain>
        <MastheadBrand>
          <MastheadLogo component={HomeLink} aria-label={t('nav.home')}>
            <Logo />
          </MastheadLogo>
        </MastheadBrand>
      </MastheadMain>
      <MastheadContent>
        {isOperator(me) && (
          <nav className="oriel-areas" aria-label={t('nav.areas')}>
            <NavLink to="/" end>
              {t('desktops.title')}
            </NavLink>
            <NavLink to="/admin">{t('admin.title')}</NavLink>
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
      horizontalSubnav={subnav}
    >
      {children}
    </Page>
  );
}
