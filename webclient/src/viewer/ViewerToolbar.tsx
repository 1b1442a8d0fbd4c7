import {
  Button,
  Divider,
  DropdownGroup,
  DropdownItem,
  DropdownList,
  MenuToggle,
  Tooltip,
  type MenuToggleElement,
} from '@patternfly/react-core';
import {
  ArrowLeftIcon,
  CogIcon,
  CompressIcon,
  CopyIcon,
  ExpandIcon,
  KeyboardIcon,
  PowerOffIcon,
  ThIcon,
  VolumeMuteIcon,
  VolumeUpIcon,
} from '@patternfly/react-icons';
import { useEffect, useRef, useState, type ReactNode, type Ref } from 'react';
import { ToggleMenu } from '../app/ToggleMenu';
import { useLanguage } from '../i18n/language';
import type { Screen } from './display';
import { LinkIndicator } from './LinkIndicator';
import { ToolbarHandle } from './ToolbarHandle';
import { COMBINATIONS, HELD } from './keys';
import type { Monitors } from './monitors/useMonitors';
import { useFullScreen } from './fullScreen';
import { useViewerSettings, type Quality, type Sizing } from './settings';

const SIZINGS: readonly Sizing[] = ['resize', 'scale', 'actual'];
const QUALITIES: readonly Quality[] = ['sharp', 'balanced', 'economical'];
const HIDE_AFTER_MS = 3_500;

export interface ViewerActions {
  back: () => void;
  clipboard: () => void;
  softKeyboard: () => void;
  restart: () => void;
  logOff: () => void;
}

interface Props {
  name: string;
  screen: Screen | undefined;
  connected: boolean;
  actions: ViewerActions;
  /** A panel that belongs to the toolbar is open: it stays. */
  pinned: boolean;
  monitors: Monitors;
}

type MenuName = 'keys' | 'view' | 'power';

/**
 * The viewer's toolbar. It hides while one works; the handle at the top edge brings it back by mouse and touch, and
 * Ctrl+Alt+Shift by keyboard (every plain key belongs to the desktop).
 */
export function ViewerToolbar({ name, screen, connected, actions, pinned, monitors }: Props) {
  const { t } = useLanguage();
  const [settings, change] = useViewerSettings();
  const [full, canFull, toggleFull] = useFullScreen();
  const [open, setOpen] = useState(true);
  const [menu, setMenu] = useState<MenuName>();
  const [held, setHeld] = useState<readonly string[]>([]);
  const [dragging, setDragging] = useState(false);
  const bar = useRef<HTMLDivElement>(null);
  const first = useRef<HTMLButtonElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const busy = menu !== undefined || pinned || !connected;

  const hideLater = (): void => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      if (!bar.current?.matches(':hover') && !bar.current?.contains(document.activeElement)) setOpen(false);
    }, HIDE_AFTER_MS);
  };

  useEffect(() => {
    if (busy) {
      clearTimeout(timer.current);
      setOpen(true);
    } else {
      hideLater();
    }
    return () => clearTimeout(timer.current);
  }, [busy]);

  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const modifier = event.key === 'Control' || event.key === 'Alt' || event.key === 'Shift' || event.key === 'Meta';
      if (!modifier || !event.ctrlKey || !event.altKey || !event.shiftKey) return;
      event.preventDefault();
      event.stopPropagation();
      screen?.releaseKeys();
      setOpen(true);
      requestAnimationFrame(() => first.current?.focus());
    };
    window.addEventListener('keydown', onKey, { capture: true });
    return () => window.removeEventListener('keydown', onKey, { capture: true });
  }, [screen]);

  const close = (): void => {
    setMenu(undefined);
    setOpen(false);
    screen?.focus();
  };

  const press = (run: (screen: Screen) => void): void => {
    if (screen) run(screen);
    setMenu(undefined);
    screen?.focus();
  };

  const hold = (label: string): void => {
    const entry = HELD.find((candidate) => candidate.label === label);
    if (!entry || !screen) return;
    const down = !held.includes(label);
    screen.hold(entry.key, down);
    setHeld(down ? [...held, label] : held.filter((other) => other !== label));
  };

  const dropdown = (which: MenuName, label: string, icon: ReactNode, children: ReactNode): ReactNode => (
    <ToggleMenu
      className="oriel-toolbar-menu"
      shouldFocusToggleOnSelect={false} // the desktop has it then
      isOpen={menu === which}
      onOpenChange={(now) => setMenu(now ? which : undefined)}
      popperProps={{ position: 'center', preventOverflow: true, appendTo: 'inline' }}
      isScrollable
      maxMenuHeight="70vh"
      toggle={(ref: Ref<MenuToggleElement>) => (
        <MenuToggle
          ref={ref}
          variant="plain"
          icon={icon}
          isExpanded={menu === which}
          onClick={() => setMenu(menu === which ? undefined : which)}
          aria-label={label}
          title={label}
        />
      )}
    >
      {children}
    </ToggleMenu>
  );

  return (
    // Only watched: what can be used is inside.
    // eslint-disable-next-line jsx-a11y/no-static-element-interactions
    <div
      ref={bar}
      className="oriel-toolbar"
      data-open={open}
      onMouseEnter={() => clearTimeout(timer.current)}
      onMouseLeave={() => busy || hideLater()}
      onBlur={() => busy || hideLater()}
      onKeyDown={(event) => {
        if (event.key === 'Escape' && menu === undefined) close();
      }}
    >
      <div className="oriel-toolbar__bar" role="toolbar" aria-label={t('viewer.toolbar')} inert={!open}>
        <Tooltip content={t('viewer.back')}>
          <Button
            ref={first}
            variant="plain"
            icon={<ArrowLeftIcon />}
            aria-label={t('viewer.back')}
            onClick={actions.back}
          />
        </Tooltip>
        <span className="oriel-toolbar__name">{name}</span>
        {screen && open && <LinkIndicator screen={screen} />}
        <Tooltip content={t('viewer.softKeyboard')}>
          <Button
            className="oriel-touch-only"
            variant="plain"
            icon={<KeyboardIcon />}
            aria-label={t('viewer.softKeyboard')}
            isDisabled={!connected}
            onClick={actions.softKeyboard}
          />
        </Tooltip>
        {dropdown(
          'keys',
          t('viewer.keys'),
          <ThIcon />,
          <>
            <DropdownList>
              <DropdownItem isDisabled={!connected} onClick={() => press((target) => target.ctrlAltDel())}>
                Ctrl + Alt + Del
              </DropdownItem>
            </DropdownList>
            <Divider />
            <DropdownGroup label={t('viewer.keys.send')}>
              <DropdownList>
                {COMBINATIONS.map(({ label, keys }) => (
                  <DropdownItem
                    key={label}
                    isDisabled={!connected}
                    onClick={() => press((target) => target.press(keys))}
                  >
                    {label}
                  </DropdownItem>
                ))}
              </DropdownList>
            </DropdownGroup>
            <Divider />
            <DropdownGroup label={t('viewer.keys.hold')}>
              <DropdownList>
                {HELD.map(({ label }) => (
                  <DropdownItem
                    key={label}
                    isDisabled={!connected}
                    isSelected={held.includes(label)}
                    onClick={() => hold(label)}
                  >
                    {label}
                  </DropdownItem>
                ))}
              </DropdownList>
            </DropdownGroup>
          </>,
        )}
        <Tooltip content={t('clipboard.title')}>
          <Button
            variant="plain"
            icon={<CopyIcon />}
            aria-label={t('clipboard.title')}
            isDisabled={!connected}
            onClick={actions.clipboard}
          />
        </Tooltip>
        {dropdown(
          'view',
          t('viewer.view'),
          <CogIcon />,
          <>
            <DropdownGroup label={t('viewer.sizing')}>
              <DropdownList>
                {SIZINGS.map((sizing) => (
                  <DropdownItem
                    key={sizing}
                    isSelected={settings.sizing === sizing}
                    onClick={() => change({ sizing })}
                  >
                    {t(`viewer.sizing.${sizing}`)}
                  </DropdownItem>
                ))}
                {settings.sizing === 'actual' && (
                  <DropdownItem
                    isSelected={dragging}
                    onClick={() => {
                      setDragging(!dragging);
                      screen?.dragWith(!dragging);
                    }}
                  >
                    {t('viewer.drag')}
                  </DropdownItem>
                )}
              </DropdownList>
            </DropdownGroup>
            <Divider className="oriel-window-only" />
            <DropdownGroup className="oriel-window-only" label={t('monitors.group')}>
              <DropdownList>
                <DropdownItem
                  isDisabled={!connected || monitors.full || !screen?.divisible}
                  description={t('monitors.add.help')}
                  onClick={() => {
                    setMenu(undefined);
                    monitors.add();
                  }}
                >
                  {t('monitors.add')}
                </DropdownItem>
              </DropdownList>
            </DropdownGroup>
            <Divider />
            <DropdownGroup label={t('viewer.quality')}>
              <DropdownList>
                {QUALITIES.map((quality) => (
                  <DropdownItem
                    key={quality}
                    isSelected={settings.quality === quality}
                    onClick={() => change({ quality })}
                  >
                    {t(`viewer.quality.${quality}`)}
                  </DropdownItem>
                ))}
              </DropdownList>
            </DropdownGroup>
          </>,
        )}
        {screen?.audible && (
          <Tooltip content={t(settings.sound ? 'viewer.mute' : 'viewer.unmute')}>
            <Button
              variant="plain"
              icon={settings.sound ? <VolumeUpIcon /> : <VolumeMuteIcon />}
              aria-label={t(settings.sound ? 'viewer.mute' : 'viewer.unmute')}
              onClick={() => change({ sound: !settings.sound })}
            />
          </Tooltip>
        )}
        {canFull && (
          <Tooltip content={t(full ? 'viewer.exitFull' : 'viewer.full')}>
            <Button
              variant="plain"
              icon={full ? <CompressIcon /> : <ExpandIcon />}
              aria-label={t(full ? 'viewer.exitFull' : 'viewer.full')}
              onClick={() => void toggleFull().then(() => screen?.focus())}
            />
          </Tooltip>
        )}
        {dropdown(
          'power',
          t('viewer.power'),
          <PowerOffIcon />,
          <DropdownList>
            <DropdownItem description={t('viewer.back.help')} onClick={actions.back}>
              {t('viewer.back')}
            </DropdownItem>
            <DropdownItem
              description={t('viewer.restart.help')}
              onClick={() => {
                setMenu(undefined);
                actions.restart();
              }}
            >
              {t('desktop.restart')}
            </DropdownItem>
            <DropdownItem
              isDanger
              description={t('viewer.logOff.help')}
              onClick={() => {
                setMenu(undefined);
                actions.logOff();
              }}
            >
              {t('desktop.logOff')}
            </DropdownItem>
          </DropdownList>,
        )}
      </div>
      <ToolbarHandle open={open} toggle={() => (open ? close() : setOpen(true))} />
    </div>
  );
}
