import { useState } from 'react';
import type { Desktop } from '../api/types';

type Shown = Pick<Desktop, 'poolId' | 'state' | 'machine' | 'changed'>;

const PICTURE_PX = 480;

/** What is on the desktop's screen, as it was left; a drawing where there is no screen. */
export function DesktopPicture({ desktop }: { desktop: Shown }) {
  const { state, machine, changed } = desktop;
  const [loaded, setLoaded] = useState<string>();
  const running = state === 'READY' || state === 'CONNECTED' || state === 'DISCONNECTED';
  const source =
    running && machine !== undefined
      ? `/api/v1/machines/${encodeURIComponent(machine)}/screen?width=${PICTURE_PX}&at=${encodeURIComponent(changed)}`
      : undefined;
  return (
    <div className="oriel-picture-frame">
      <Drawing desktop={desktop} />
      {source && (
        <img
          key={source}
          className="oriel-picture oriel-picture--screen"
          alt=""
          src={source}
          data-loaded={loaded === source}
          onLoad={() => setLoaded(source)}
        />
      )}
    </div>
  );
}

/** Stands for the screen until there is a picture of it. Its hue is the pool's, so that cards are told apart. */
function Drawing({ desktop: { poolId, state } }: { desktop: Shown }) {
  const hue = [...poolId].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 360, 7);
  const lit = state === 'READY' || state === 'CONNECTED' || state === 'DISCONNECTED';
  const id = `sky-${poolId}`;
  return (
    <svg className="oriel-picture" data-lit={lit} viewBox="0 0 320 150" preserveAspectRatio="xMidYMid slice" aria-hidden="true">
      <defs>
        <linearGradient id={id} x1="0" y1="0" x2="1" y2="1">
          <stop offset="0" stopColor={`hsl(${hue} 55% 34%)`} />
          <stop offset="1" stopColor={`hsl(${(hue + 48) % 360} 60% 52%)`} />
        </linearGradient>
      </defs>
      <rect width="320" height="150" fill={`url(#${id})`} />
      <path d="M0 118 70 78l46 30 62-52 70 58 36-22 36 24v54H0z" fill="#fff" opacity=".12" />
      <path d="M0 134 56 108l60 26 74-40 60 36 70-20v40H0z" fill="#fff" opacity=".14" />
      <g opacity=".92">
        <rect x="44" y="26" width="128" height="78" rx="5" fill="#10151f" opacity=".82" />
        <rect x="44" y="26" width="128" height="13" rx="5" fill="#fff" opacity=".2" />
        <circle cx="52" cy="32.500" r="2.500" fill="#fff" opacity=".75" />
        <circle cx="60" cy="32.500" r="2.500" fill="#fff" opacity=".5" />
        <path d="m53 51 6 5-6 5M65 61h15M53 73h58M53 82h40" fill="none" stroke="#fff" strokeWidth="2" strokeLinecap="round" opacity=".7" />
        <rect x="190" y="44" width="92" height="62" rx="5" fill="#fff" opacity=".86" />
        <path d="M190 49a5 5 0 0 1 5-5h82a5 5 0 0 1 5 5v8h-92z" fill="#10151f" opacity=".22" />
        <path d="M200 69h44M200 78h70M200 87h58" stroke="#10151f" strokeWidth="3" strokeLinecap="round" opacity=".3" />
      </g>
      <rect y="138" width="320" height="12" fill="#10151f" opacity=".72" />
      <path d="M10 144h8M24 144h8M38 144h8M286 144h24" stroke="#fff" strokeWidth="3" strokeLinecap="round" opacity=".7" />
    </svg>
  );
}
