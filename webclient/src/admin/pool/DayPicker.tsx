import { ToggleGroup, ToggleGroupItem } from '@patternfly/react-core';
import { useLanguage } from '../../i18n/language';
import type { DayOfWeek } from './policy';
import { DAYS } from './schedule';

interface Props {
  id: string;
  label: string;
  /** None is every day. */
  days: readonly DayOfWeek[] | undefined;
  change: (days: DayOfWeek[]) => void;
}

/** Days of the week as seven buttons that stay down. */
export function DayPicker({ id, label, days, change }: Props) {
  const { weekday } = useLanguage();
  const chosen: readonly DayOfWeek[] = days?.length ? days : DAYS;
  return (
    <ToggleGroup aria-label={label} isCompact>
      {DAYS.map((day) => (
        <ToggleGroupItem
          key={day}
          buttonId={`${id}-${day}`}
          text={weekday(day)}
          isSelected={chosen.includes(day)}
          // The last one stays: no day at all would mean every day.
          onChange={(_, on) => (on || chosen.length > 1) && change(DAYS.filter((other) => (other === day ? on : chosen.includes(other))))}
        />
      ))}
    </ToggleGroup>
  );
}
