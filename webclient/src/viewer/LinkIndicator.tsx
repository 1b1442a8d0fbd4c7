import { Tooltip } from '@patternfly/react-core';
import { useEffect, useState } from 'react';
import { useLanguage } from '../i18n/language';
import type { Screen } from './display';
import { rating, type LinkState } from './link';

const EVERY_MS = 1_000;
const BARS = { good: 3, fair: 2, poor: 1 } as const;

/** How quickly the desktop answers, as bars and in milliseconds. */
export function LinkIndicator({ screen }: { screen: Screen }) {
  const { t, number } = useLanguage();
  const [state, setState] = useState<LinkState>(() => screen.link());
  useEffect(() => {
    const timer = setInterval(() => setState(screen.link()), EVERY_MS);
    return () => clearInterval(timer);
  }, [screen]);

  const rated = rating(state);
  const lit = rated ? BARS[rated] : 0;
  const response =
    state.responseMs === undefined ? t('link.unknown') : t('link.response', { ms: number(Math.round(state.responseMs)) });
  const words = `${rated ? `${t(`link.${rated}`)}. ` : ''}${response}`;
  const traffic = t('link.traffic', {
    rate: number(Math.round(state.kilobytesPerSecond)),
    pictures: number(Math.round(state.picturesPerSecond)),
  });
  return (
    <Tooltip content={`${words}, ${traffic}`}>
      <span className="oriel-link" data-rating={rated ?? 'unknown'} role="img" aria-label={words} tabIndex={-1}>
        <svg viewBox="0 0 16 12" width="20" height="15" aria-hidden="true">
          {[0, 1, 2].map((bar) => (
            <rect key={bar} x={bar * 6} y={8 - bar * 4} width="4" height={4 + bar * 4} rx="1" data-lit={bar < lit} />
          ))}
        </svg>
        <span className="oriel-link__ms" aria-hidden="true">
          {state.responseMs === undefined ? '' : `${number(Math.round(state.responseMs))} ms`}
        </span>
      </span>
    </Tooltip>
  );
}
