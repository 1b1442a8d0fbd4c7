import { useImperativeHandle, useRef, type Ref } from 'react';
import { useLanguage } from '../i18n/language';
import { typed } from './keys';

export interface SoftKeyboardHandle {
  toggle(): void;
}

/** Something to delete: a soft keyboard sends nothing for a Backspace in an empty field. */
const STUFFING = '_'.repeat(64);

/** An invisible field that calls up a tablet's keyboard and hands on what is typed. */
export function SoftKeyboard({ ref, type }: { ref: Ref<SoftKeyboardHandle>; type: (keysym: number) => void }) {
  const { t } = useLanguage();
  const field = useRef<HTMLTextAreaElement>(null);
  const before = useRef(STUFFING);

  useImperativeHandle(ref, () => ({
    toggle: () => {
      if (document.activeElement === field.current) field.current?.blur();
      else field.current?.focus({ preventScroll: true });
    },
  }));

  return (
    <textarea
      ref={field}
      className="oriel-soft-keyboard"
      aria-label={t('viewer.softKeyboard')}
      tabIndex={-1}
      autoCapitalize="off"
      autoComplete="off"
      autoCorrect="off"
      spellCheck={false}
      defaultValue={STUFFING}
      onFocus={(event) => {
        // Browsers put the caret before the text: what is typed there would look like a change of everything after it.
        event.currentTarget.setSelectionRange(event.currentTarget.value.length, event.currentTarget.value.length);
      }}
      onInput={(event) => {
        const area = event.currentTarget;
        for (const keysym of typed(before.current, area.value)) type(keysym);
        const composing = (event.nativeEvent).isComposing;
        if (!composing && (area.value.length < 8 || area.value.length > 512)) {
          area.value = STUFFING;
          area.setSelectionRange(STUFFING.length, STUFFING.length);
        }
        before.current = area.value;
      }}
    />
  );
}
