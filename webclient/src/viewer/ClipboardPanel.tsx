import { Button, TextArea } from '@patternfly/react-core';
import { useEffect, useId, useState } from 'react';
import { useLanguage } from '../i18n/language';
import type { ClipboardBridge } from './clipboard';

export function ClipboardPanel({ clipboard, close }: { clipboard: ClipboardBridge; close: () => void }) {
  const { t } = useLanguage();
  const id = useId();
  const [draft, setDraft] = useState(clipboard.text);
  useEffect(() => setDraft(clipboard.text), [clipboard.text]);

  return (
    // Esc closes it from any of its fields.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <section
      className="oriel-panel"
      role="dialog"
      aria-labelledby={`${id}-title`}
      onKeyDown={(event) => {
        if (event.key === 'Escape') close();
      }}
    >
      <h2 id={`${id}-title`} className="oriel-panel__title">
        {t('clipboard.title')}
      </h2>
      <p className="oriel-subtle">{t(`clipboard.sharing.${clipboard.sharing}`)}</p>
      <TextArea
        aria-label={t('clipboard.text')}
        autoFocus
        rows={6}
        resizeOrientation="vertical"
        value={draft}
        onChange={(_, value) => setDraft(value)}
      />
      <div className="oriel-panel__buttons">
        <Button
          onClick={() => {
            clipboard.toDesktop(draft);
            close();
          }}
        >
          {t('clipboard.send')}
        </Button>
        {clipboard.sharing !== 'unsupported' && (
          <Button variant="secondary" isDisabled={draft === ''} onClick={() => void navigator.clipboard.writeText(draft)}>
            {t('clipboard.copy')}
          </Button>
        )}
        {clipboard.sharing === 'off' && (
          <Button variant="link" onClick={() => void clipboard.share()}>
            {t('clipboard.share')}
          </Button>
        )}
        <Button variant="link" onClick={close}>
          {t('action.close')}
        </Button>
      </div>
    </section>
  );
}
