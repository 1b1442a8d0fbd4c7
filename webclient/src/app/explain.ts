import type { Failure } from '../api/failure';
import type { MessageKey, Translator } from '../i18n/translate';

export interface Explanation {
  title: string;
  /** What to do about it. */
  help: string;
}

/** A failure in the person's language: what happened and what to do. */
export function explain(failure: Failure, { t, duration }: Pick<Translator, 't' | 'duration'>): Explanation {
  const reason = failure.reason;
  // The fields' own messages know better than any general sentence.
  const detail = failure.detail ?? '';
  switch (reason) {
    case 'BAD_REQUEST':
    case 'ALREADY_EXISTS':
    case 'CONFLICT':
    case 'WEAK_PASSWORD':
      return { title: t(`failure.${reason}.title`), help: detail || t(`failure.${reason}.help`) };
    case 'LOCKED_OUT':
      return {
        title: t('failure.LOCKED_OUT.title'),
        help: failure.retryAfterSeconds
          ? t('failure.LOCKED_OUT.help', { time: duration(failure.retryAfterSeconds) })
          : t('failure.LOCKED_OUT.helpLater'),
      };
    case 'INTERNAL':
      return { title: t('failure.INTERNAL.title'), help: t('failure.INTERNAL.help', { trace: failure.traceId ?? '–' }) };
    default: {
      // A reason of a newer broker has no message here.
      const title = `failure.${reason}.title` as MessageKey;
      const known = t(title) as string | undefined;
      return known === undefined
        ? { title: t('failure.UNEXPECTED.title'), help: detail || t('failure.UNEXPECTED.help') }
        : { title: known, help: t(`failure.${reason}.help` as MessageKey) };
    }
  }
}
