import { Button } from '@patternfly/react-core';
import { CompressIcon, ExpandIcon, TimesIcon } from '@patternfly/react-icons';
import { useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { createPortal } from 'react-dom';
import { useLanguage } from '../../i18n/language';
import { ToolbarHandle } from '../ToolbarHandle';
import type { MonitorWindow } from './monitorWindow';

/** The controls of a monitor's window: a handle at its top edge, as the desktop's first monitor has one. */
export function MonitorBar({ monitor, close }: { monitor: MonitorWindow; close: () => void }) {
  const { t } = useLanguage();
  const page = monitor.view.document;
  const [open, setOpen] = useState(false);
  const first = useRef<HTMLButtonElement>(null);
  const full = useSyncExternalStore(
    (listener) => {
      page.addEventListener('fullscreenchange', listener);
      return () => page.removeEventListener('fullscreenchange', listener);
    },
    () => page.fullscreenElement !== null,
  );

  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const modifier = event.key === 'Control' || event.key === 'Alt' || event.key === 'Shift';
      if (!modifier || !event.ctrlKey || !event.altKey || !event.shiftKey) return;
      event.preventDefault();
      event.stopPropagation();
      setOpen(true);
      requestAnimationFrame(() => first.current?.focus());
    };
    page.addEventListener('keydown', onKey, { capture: true });
    return () => page.removeEventListener('keydown', onKey, { capture: true });
  }, [page]);

  const hide = (): void => {
    setOpen(false);
    monitor.place.querySelector('canvas')?.focus({ preventScroll: true });
  };
  const fill = (): void => {
    void (full ? page.exitFullscreen() : page.documentElement.requestFullscreen({ navigationUI: 'hide' })).then(hide, hide);
  };

  return createPortal(
    // Only watched: what can be used is inside.
    // eslint-disable-next-line jsx-a11y/no-static-element-interactions
    <div className="oriel-toolbar" data-open={open} onKeyDown={(event) => event.key === 'Escape' && hide()}>
      <div className="oriel-toolbar__bar" role="toolbar" aria-label={t('viewer.toolbar')} inert={!open}>
        <span className="oriel-toolbar__name">{page.title}</span>
        {page.fullscreenEnabled && (
          <Button
            ref={first}
            variant="plain"
            icon={full ? <CompressIcon /> : <ExpandIcon />}
            aria-label={t(full ? 'viewer.exitFull' : 'viewer.full')}
            title={t(full ? 'viewer.exitFull' : 'viewer.full')}
            onClick={fill}
          />
        )}
        <Button
          variant="plain"
          icon={<TimesIcon />}
          aria-label={t('monitors.close')}
          title={t('monitors.close')}
          onClick={close}
        />
      </div>
      <ToolbarHandle open={open} toggle={() => (open ? hide() : setOpen(true))} />
    </div>,
    monitor.bar,
  );
}
