import type { components } from '@oriel/contract';
import { useLanguage } from '../i18n/language';
import './charts.css';
import { logonParts } from './logon';

/** How long a person waited for their desktop, step by step: one bar, and the same in words. */
export function LogonChart({ logon }: { logon: components['schemas']['Logon'] }) {
  const { t, seconds } = useLanguage();
  const { parts, totalMs } = logonParts(logon);
  if (parts.length === 0) return <p className="oriel-subtle">{t('logon.none')}</p>;
  const longest = parts.reduce((most, part) => (part.ms > most.ms ? part : most));
  return (
    <figure className="oriel-logon">
      <figcaption>
        <strong>{t('logon.total', { time: seconds(totalMs) })}</strong>{' '}
        <span className="oriel-subtle">{t('logon.longest', { step: t(`logon.${longest.step}`) })}</span>
      </figcaption>
      <svg viewBox="0 0 1000 24" preserveAspectRatio="none" aria-hidden="true" className="oriel-logon__bar">
        {parts.map(({ step, from, share }) => (
          <rect key={step} data-step={step} x={1000 * from} width={Math.max(2, 1000 * share)} height="24" />
        ))}
      </svg>
      <ul className="oriel-logon__legend">
        {parts.map(({ step, ms }) => (
          <li key={step}>
            <span className="oriel-logon__key" data-step={step} aria-hidden="true" />
            {t(`logon.${step}`)} <span className="oriel-logon__time">{seconds(ms)}</span>
          </li>
        ))}
      </ul>
    </figure>
  );
}
