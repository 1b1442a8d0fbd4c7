import { useLanguage } from '../../i18n/language';
import type { Schedule } from './policy';
import { DAYS, openOn, share, warmOn } from './schedule';

const HOURS = [0, 6, 12, 18, 24];

/** A week of a pool: when it is open, and how many spares run. The same is in words next to it. */
export function WeekCalendar({ schedule, warm }: { schedule: Pick<Schedule, 'warm' | 'open'>; warm: number }) {
  const { t, weekday } = useLanguage();
  return (
    <div className="oriel-week">
      <div className="oriel-week__days" aria-hidden="true">
        {DAYS.map((day) => (
          <div key={day} className="oriel-week__day">
            <span className="oriel-week__name">{weekday(day)}</span>
            <span className="oriel-week__bar">
              {openOn(day, schedule.open).map(({ from, until }) => (
                <span key={`open-${from}`} className="oriel-week__open" style={{ insetInlineStart: share(from), inlineSize: share(until - from) }} />
              ))}
              {warmOn(day, schedule.warm).map(({ from, until, machines }) => (
                <span
                  key={`warm-${from}`}
                  className="oriel-week__warm"
                  data-none={machines === 0}
                  style={{ insetInlineStart: share(from), inlineSize: share(until - from) }}
                >
                  {machines}
                </span>
              ))}
            </span>
          </div>
        ))}
        <div className="oriel-week__day">
          <span className="oriel-week__name" />
          <span className="oriel-week__hours">
            {HOURS.map((hour) => (
              <span key={hour}>{hour}</span>
            ))}
          </span>
        </div>
      </div>
      <p className="oriel-week__legend oriel-subtle">
        <span className="oriel-week__key" data-kind="open" aria-hidden="true" /> {t(schedule.open.length > 0 ? 'schedule.legend.open' : 'schedule.legend.always')}
        <span className="oriel-week__key" data-kind="warm" aria-hidden="true" /> {t('schedule.legend.warm', { count: warm })}
      </p>
    </div>
  );
}
