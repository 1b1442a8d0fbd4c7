import type { ReactNode } from 'react';
import './charts.css';

/** A number with a bar that shows how much of the largest it is. */
export function Share({ value, most, peak, children }: { value: number; most: number; peak?: number; children: ReactNode }) {
  const whole = Math.max(1, most);
  return (
    <span className="oriel-share">
      <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" className="oriel-share__bar">
        <rect data-part="rest" width="100" height="8" />
        {peak !== undefined && <rect data-part="peak" width={(100 * Math.min(whole, peak)) / whole} height="8" />}
        <rect width={(100 * Math.min(whole, value)) / whole} height="8" />
      </svg>
      <span>{children}</span>
    </span>
  );
}
