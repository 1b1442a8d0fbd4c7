import './charts.css';
import { ticks } from './scale';
import { useWidth } from './useWidth';

export interface Point {
  /** Milliseconds. */
  at: number;
  value: number;
}

interface Props {
  label: string;
  points: readonly Point[];
  /** The part of time that is shown. */
  from: number;
  until: number;
  unit: (value: number) => string;
  /** The axis goes at least so far up. */
  most?: number;
  /** A longer pause between two points is a gap in the line. */
  gapMs?: number;
}

const HEIGHT = 120;
const LEFT = 76;
const PAD = 8;

/** One figure over time. */
export function LineChart({ label, points, from, until, unit, most = 0, gapMs = Infinity }: Props) {
  const [element, width] = useWidth<HTMLDivElement>();
  const shown = points.filter(({ at }) => at >= from && at <= until);
  const lines = ticks(Math.max(most, ...shown.map(({ value }) => value)), 2);
  const top = lines.at(-1) ?? 1;
  const x = (at: number): number => LEFT + ((width - LEFT) * (at - from)) / Math.max(1, until - from);
  const y = (value: number): number => PAD + (HEIGHT - 2 * PAD) * (1 - value / top);
  const path = shown
    .map(({ at, value }, i) => {
      const before = shown[i - 1];
      return `${!before || at - before.at > gapMs ? 'M' : 'L'}${x(at).toFixed(1)} ${y(value).toFixed(1)}`;
    })
    .join('');
  const last = shown.at(-1);
  return (
    <figure className="oriel-line">
      <figcaption>
        {label} <strong>{last ? unit(last.value) : '–'}</strong>
      </figcaption>
      <div ref={element} className="oriel-chart">
        <svg width={width} height={HEIGHT} aria-hidden="true">
          {lines.map((line) => (
            <g key={line} className="oriel-chart__line">
              <line x1={LEFT} x2={width} y1={y(line)} y2={y(line)} />
              <text x={LEFT - 6} y={y(line)} dy="0.35em" textAnchor="end">
                {unit(line)}
              </text>
            </g>
          ))}
          <path className="oriel-chart__path" d={path} />
          {last && <circle className="oriel-chart__dot" cx={x(last.at)} cy={y(last.value)} r="3" />}
        </svg>
      </div>
    </figure>
  );
}
