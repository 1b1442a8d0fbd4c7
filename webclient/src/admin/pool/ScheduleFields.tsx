import { Button, FormFieldGroup, FormFieldGroupHeader, FormGroup, FormSelect, FormSelectOption, Label, LabelGroup, TextInput } from '@patternfly/react-core';
import { PlusIcon, TrashIcon } from '@patternfly/react-icons';
import { useState, type ReactNode } from 'react';
import { useLanguage } from '../../i18n/language';
import { NumberField } from '../NumberField';
import { DayPicker } from './DayPicker';
import type { OpenWindow, Policy, Schedule, WarmWindow } from './policy';
import { WORKING_DAYS } from './schedule';
import { WeekCalendar } from './WeekCalendar';

interface Props {
  schedule: Schedule;
  /** Spares when the calendar says nothing. */
  warm: number;
  most: number;
  change: (schedule: Schedule) => void;
}

const ZONES: readonly string[] = ['UTC', ...Intl.supportedValuesOf('timeZone').filter((zone) => zone !== 'UTC')];
const NEW_OPEN: OpenWindow = { days: [...WORKING_DAYS], from: '08:00', until: '18:00' };

/** The calendar as one policy among others. */
export function CalendarFields({ policy, change, pool }: {
  policy: Pick<Policy, 'schedule'>;
  change: (change: Partial<Policy>) => void;
  pool: { size: number; warm: number };
}) {
  return <ScheduleFields schedule={policy.schedule} warm={pool.warm} most={pool.size} change={(schedule) => change({ schedule })} />;
}

/** A pool's calendar: spares and opening hours by weekday and time of a place, and its holidays. */
export function ScheduleFields({ schedule, warm, most, change }: Props) {
  const { t } = useLanguage();
  const zones = ZONES.includes(schedule.zone) ? ZONES : [schedule.zone, ...ZONES];
  const put = (part: Partial<Schedule>): void => change({ ...schedule, ...part });

  return (
    <>
      <WeekCalendar schedule={schedule} warm={warm} />
      <FormGroup label={t('schedule.zone')} fieldId="schedule-zone">
        <FormSelect id="schedule-zone" value={schedule.zone} onChange={(_, zone) => put({ zone })}>
          {zones.map((zone) => (
            <FormSelectOption key={zone} value={zone} label={zone.replaceAll('_', ' ')} />
          ))}
        </FormSelect>
      </FormGroup>
      <Windows
        id="warm"
        title={t('schedule.warm')}
        help={t('schedule.warmHelp', { count: warm })}
        add={t('schedule.addWarm')}
        windows={schedule.warm}
        empty={{ ...NEW_OPEN, machines: Math.min(most, warm + 2) }}
        change={(next) => put({ warm: next })}
        extra={(window, edit) => (
          <NumberField
            id={`warm-machines-${schedule.warm.indexOf(window)}`}
            label={t('pools.warm')}
            least={0}
            most={Math.max(most, window.machines)}
            value={window.machines}
            change={(machines) => edit({ ...window, machines })}
          />
        )}
      />
      <Windows
        id="open"
        title={t('schedule.open')}
        help={t('schedule.openHelp')}
        add={t('schedule.addOpen')}
        windows={schedule.open}
        empty={NEW_OPEN}
        change={(next) => put({ open: next })}
      />
      <Holidays days={schedule.holidays} change={(holidays) => put({ holidays })} />
    </>
  );
}

interface WindowsProps<W extends OpenWindow> {
  id: string;
  title: string;
  help: string;
  add: string;
  windows: readonly W[];
  empty: W;
  change: (windows: readonly W[]) => void;
  extra?: (window: W, edit: (next: W) => void) => ReactNode;
}

function Windows<W extends OpenWindow | WarmWindow>({ id, title, help, add, windows, empty, change, extra }: WindowsProps<W>) {
  const { t } = useLanguage();
  return (
    <FormFieldGroup
      header={
        <FormFieldGroupHeader
          titleText={{ text: title, id: `schedule-${id}` }}
          titleDescription={help}
          actions={
            <Button variant="secondary" size="sm" icon={<PlusIcon />} onClick={() => change([...windows, empty])}>
              {add}
            </Button>
          }
        />
      }
    >
      {windows.map((window, i) => {
        const edit = (next: W): void => change(windows.map((other, at) => (at === i ? next : other)));
        const name = `${title} ${i + 1}`;
        return (
          // A window has no name of its own: its place is what it is known by.
          <div key={i} className="oriel-window" role="group" aria-label={name}>
            <DayPicker id={`${id}-${i}`} label={t('schedule.days')} days={window.days} change={(days) => edit({ ...window, days })} />
            <FormGroup label={t('schedule.from')} fieldId={`${id}-from-${i}`}>
              <TextInput id={`${id}-from-${i}`} type="time" isRequired value={window.from.slice(0, 5)} onChange={(_, from) => from && edit({ ...window, from })} />
            </FormGroup>
            <FormGroup label={t('schedule.until')} fieldId={`${id}-until-${i}`}>
              <TextInput id={`${id}-until-${i}`} type="time" isRequired value={window.until.slice(0, 5)} onChange={(_, until) => until && edit({ ...window, until })} />
            </FormGroup>
            {extra?.(window, edit)}
            <Button
              variant="plain"
              icon={<TrashIcon />}
              aria-label={t('schedule.remove', { name })}
              onClick={() => change(windows.filter((_, at) => at !== i))}
            />
          </div>
        );
      })}
    </FormFieldGroup>
  );
}

function Holidays({ days, change }: { days: readonly string[]; change: (days: readonly string[]) => void }) {
  const { t, day } = useLanguage();
  const [next, setNext] = useState('');
  const add = (): void => {
    change([...new Set([...days, next])].sort());
    setNext('');
  };
  return (
    <FormFieldGroup header={<FormFieldGroupHeader titleText={{ text: t('schedule.holidays'), id: 'schedule-holidays' }} titleDescription={t('schedule.holidaysHelp')} />}>
      {days.length > 0 && (
        <LabelGroup aria-label={t('schedule.holidays')} numLabels={12}>
          {days.map((date) => (
            <Label key={date} onClose={() => change(days.filter((other) => other !== date))} closeBtnAriaLabel={t('schedule.remove', { name: day(date) })}>
              {day(date)}
            </Label>
          ))}
        </LabelGroup>
      )}
      <div className="oriel-window">
        <TextInput aria-label={t('schedule.holiday')} type="date" value={next} onChange={(_, value) => setNext(value)} />
        <Button variant="secondary" icon={<PlusIcon />} isDisabled={next === ''} onClick={add}>
          {t('schedule.addHoliday')}
        </Button>
      </div>
    </FormFieldGroup>
  );
}
