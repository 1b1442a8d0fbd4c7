import type { en } from './en';

export type MessageKey = keyof typeof en;
export type Messages = Record<MessageKey, string>;
export type Values = Record<string, string | number>;

/** Keys that exist as `<stem>.one` and `<stem>.other`. */
export type PluralStem = MessageKey extends infer K ? (K extends `${infer Stem}.other` ? Stem : never) : never;

/** Fills `{name}` in a message. The result is text, never HTML. */
export function fill(message: string, values: Values | undefined): string {
  if (!values) return message;
  return message.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    return value === undefined ? whole : String(value);
  });
}

export interface Translator {
  language: Language;
  t: (key: MessageKey, values?: Values) => string;
  /** The message for a number: `.one` or `.other` by the language's rule; `{count}` is the number. */
  n: (stem: PluralStem, count: number, values?: Values) => string;
  /** "about 40 seconds", "about 3 minutes": for people who wait. */
  duration: (seconds: number) => string;
  date: (iso: string) => string;
  /** A day without a time, as "2026-12-24" is. */
  day: (iso: string) => string;
  /** "Mon" */
  weekday: (day: Weekday) => string;
  number: (value: number) => string;
  /** "0.4 s", "12 s": measured times. */
  seconds: (ms: number) => string;
}

const WEEKDAYS = ['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY', 'SUNDAY'] as const;
export type Weekday = (typeof WEEKDAYS)[number];

export const LANGUAGES = { en: 'English', de: 'Deutsch' } as const;
export type Language = keyof typeof LANGUAGES;

export function isLanguage(value: unknown): value is Language {
  return typeof value === 'string' && Object.hasOwn(LANGUAGES, value);
}

export function translator(language: Language, messages: Messages): Translator {
  const plural = new Intl.PluralRules(language);
  const number = new Intl.NumberFormat(language);
  const dates = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' });
  const days = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeZone: 'UTC' });
  const weekdays = new Intl.DateTimeFormat(language, { weekday: 'short', timeZone: 'UTC' });
  const unit = (value: number, of: 'second' | 'minute' | 'hour'): string =>
    new Intl.NumberFormat(language, { style: 'unit', unit: of, unitDisplay: 'long' }).format(value);
  return {
    language,
    t: (key, values) => fill(messages[key], values),
    n: (stem, count, values) => {
      const one = `${stem}.one` as MessageKey;
      const key = plural.select(count) === 'one' && one in messages ? one : (`${stem}.other` as MessageKey);
      return fill(messages[key], { count: number.format(count), ...values });
    },
    duration: (seconds) => {
      if (seconds < 60) return unit(Math.max(1, Math.round(seconds)), 'second');
      if (seconds < 3600) return unit(Math.round(seconds / 60), 'minute');
      return unit(Math.round(seconds / 3600), 'hour');
    },
    number: (value) => number.format(value),
    seconds: (ms) =>
      new Intl.NumberFormat(language, { style: 'unit', unit: 'second', unitDisplay: 'narrow', maximumFractionDigits: ms < 10_000 ? 1 : 0 }).format(ms / 1000),
    day: (iso) => {
      const time = new Date(iso.slice(0, 10));
      return Number.isNaN(time.getTime()) ? iso : days.format(time);
    },
    // The first of January 2024 was a Monday.
    weekday: (day) => weekdays.format(Date.UTC(2024, 0, 1 + WEEKDAYS.indexOf(day))),
    date: (iso) => {
      const time = new Date(iso);
      return Number.isNaN(time.getTime()) ? iso : dates.format(time);
    },
  };
}
