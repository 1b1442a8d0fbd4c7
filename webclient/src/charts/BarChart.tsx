import './charts.css';
import { thinned, wholeTicks } from './scale';
import { useWidth } from './useWidth';

export interface Bar {
  key: string;
  /** Below the bar. */
  label: string;
  value: number;
  /** What the mouse shows. */
  title: string;
}

interface Props {
  /** What a screen reader says; the numbers are in a table next to the chart. */
  label: string;
  bars: readonly Bar[];
  /** A line across: as much as there can be. */
  limit?: { value: number; label: string } | undefined;
}

const HEIGHT = 220;
const LEFT = 36;
const BOTTOM = 22;
const TOP = 10;
const LABEL_ROOM = 64;

/** Counted things side by side, by day mostly. */
export function BarChart({ label, bars, limit }: Props) {
  const [element, width] = useWidth<HTMLDivElement>();
  const lines = wholeTicks(Math.max(limit?.value ?? 0, ...bars.map(({ value }) => value)));
  const top = lines.at(-1) ?? 1;
  const y = (value: number): number => TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / top);
  const step = (width - LEFT) / Math.max(1, bars.length);
  const nth = thinned(bars.length, width - LEFT, LABEL_ROOM);
  return (
    <div ref={element} className="oriel-chart">
      <svg width={width} height={HEIGHT} role="img" aria-label={label}>
        {lines.map((line) => (
          <g key={line} className="oriel-chart__line">
            <line x1={LEFT} x2={width} y1={y(line)} y2={y(line)} />
            <text x={LEFT - 6} y={y(line)} dy="0.35em" textAnchor="end">
              {line}
            </text>
          </g>
        ))}
        {bars.map((bar, i) => (
          <g key={bar.key}>
            <rect
              className="oriel-chart__bar"
              x={LEFT + i * step + step * 0.15}
              width={Math.max(1, Math.min(48, step * 0.7))}
              y={y(bar.value)}
              height={Math.max(0, y(0) - y(bar.value))}
            >
              <title>{bar.title}</title>
            </rect>
            {i % nth === 0 && LEFT + i * step + LABEL_ROOM <= width + step && (
              <text x={LEFT + i * step + step * 0.15} y={HEIGHT - 6}>
                {bar.label}
              </text>
            )}
          </g>
        ))}
        {limit && limit.value > 0 && (
          <g className="oriel-chart__limit">
            <line x1={LEFT} x2={width} y1={y(limit.value)} y2={y(limit.value)} />
            <text x={width - 4} y={y(limit.value) - 4} textAnchor="end">
              {limit.label}
            </text>
          </g>
        )}
      </svg>
    </div>
  );
}
