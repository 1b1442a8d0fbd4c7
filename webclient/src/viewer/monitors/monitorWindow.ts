import type { MonitorPlace } from '../display';

/** A window that shows one of the desktop's monitors. It belongs to the page that opened it, which draws and listens there. */
export interface MonitorWindow extends MonitorPlace {
  readonly view: Window;
  /** Where its own controls go. */
  readonly bar: HTMLElement;
}

/** The Window Management API (W3C), in Chromium only. */
interface ManagedWindow {
  getScreenDetails?: () => Promise<{ screens: readonly DeskScreen[]; currentScreen: DeskScreen }>;
}

interface DeskScreen {
  readonly availLeft: number;
  readonly availTop: number;
  readonly availWidth: number;
  readonly availHeight: number;
}

export interface Spot {
  left: number;
  top: number;
  width: number;
  height: number;
  /** It is a screen of its own, to be filled. */
  whole: boolean;
}

/** Monitors in windows of one screen stand a little apart from each other. */
const STEP = 48;

const overlaps = (a: Spot, b: Spot): boolean =>
  a.left < b.left + b.width && b.left < a.left + a.width && a.top < b.top + b.height && b.top < a.top + a.height;

/**
 * Where the next monitor goes: on a screen of the desk that has none yet, if there is one and the browser tells, else in a
 * window as large as this one.
 */
export async function nextSpot(taken: readonly Window[]): Promise<Spot> {
  const spotOf = (view: Window): Spot => ({
    left: view.screenX,
    top: view.screenY,
    width: view.outerWidth,
    height: view.outerHeight,
    whole: false,
  });
  const used = [window, ...taken].map(spotOf);
  if ((window.screen as { isExtended?: boolean }).isExtended) {
    const details = await (window as ManagedWindow).getScreenDetails?.().catch(() => undefined);
    const free = details?.screens
      .map((screen) => ({
        left: screen.availLeft,
        top: screen.availTop,
        width: screen.availWidth,
        height: screen.availHeight,
        whole: true,
      }))
      .find((screen) => !used.some((spot) => overlaps(screen, spot)));
    if (free !== undefined) return free;
  }
  const shift = STEP * (taken.length + 1);
  return {
    left: window.screenX + shift,
    top: window.screenY + shift,
    width: Math.min(window.innerWidth, window.screen.availWidth),
    height: Math.min(window.innerHeight, window.screen.availHeight),
    whole: false,
  };
}

/** Opens one; undefined if the browser doesn't let us. */
export function openMonitorWindow(id: number, title: string, spot: Spot): MonitorWindow | undefined {
  const { left, top, width, height, whole } = spot;
  const features = `popup,left=${left},top=${top},width=${width},height=${height}${whole ? ',fullscreen' : ''}`;
  const view = window.open('', '_blank', features);
  if (view === null) return undefined;
  const page = view.document;
  page.title = title;
  page.documentElement.lang = document.documentElement.lang;
  page.documentElement.className = document.documentElement.className;
  for (const sheet of document.querySelectorAll<HTMLLinkElement>('link[rel="stylesheet"], link[rel="icon"]')) {
    const link = page.createElement('link');
    link.rel = sheet.rel;
    link.href = sheet.href;
    page.head.append(link);
  }
  const main = page.createElement('main');
  main.className = 'oriel-viewer';
  main.setAttribute('aria-label', title);
  const still = page.createElement('canvas');
  still.className = 'oriel-viewer__still';
  still.setAttribute('aria-hidden', 'true');
  const place = page.createElement('div');
  place.className = 'oriel-viewer__screen';
  place.setAttribute('role', 'application');
  place.setAttribute('aria-label', title);
  const bar = page.createElement('div');
  main.append(still, place, bar);
  page.body.append(main);
  return { id, view, place, still, bar };
}
