import { Button, Modal, ModalBody, ModalFooter, ModalHeader } from '@patternfly/react-core';
import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useState } from 'react';
import { lastUse } from '../api/client';
import { useLanguage } from '../i18n/language';
import { ME, useMe } from './identity';

/** So long before the end of a sign-in that nobody uses its person is asked. */
const WARNING_MS = 2 * 60_000;

/**
 * Asks whether somebody is still there before their sign-in ends. An open desktop is use, so the viewer has no need of
 * it; what other tabs do is not known here, so the broker is asked at the end, and it may know better.
 */
export function SignInExpiry() {
  const { t, n } = useLanguage();
  const { expires } = useMe();
  const client = useQueryClient();
  const [left, setLeft] = useState<number>();
  /** The end that the person knows of: it may be one that nothing can put off. */
  const [known, setKnown] = useState<string>();
  const ask = useCallback(() => void client.invalidateQueries({ queryKey: ME }), [client]);

  useEffect(() => {
    const idle = Date.parse(expires) - lastUse();
    let timer: ReturnType<typeof setTimeout>;
    const look = (): void => {
      const rest = lastUse() + idle - Date.now();
      setLeft(rest <= WARNING_MS && rest > 0 ? Math.ceil(rest / 1000) : undefined);
      if (rest <= 0) ask();
      else timer = setTimeout(look, rest > WARNING_MS ? rest - WARNING_MS : 1_000);
    };
    look();
    return () => clearTimeout(timer);
  }, [expires, ask]);

  if (left === undefined || known === expires) return null;
  const stay = (): void => {
    setKnown(expires);
    ask();
  };
  return (
    <Modal isOpen variant="small" role="alertdialog" onClose={stay} aria-labelledby="expiry-title" aria-describedby="expiry-text">
      <ModalHeader title={t('expiry.title')} labelId="expiry-title" />
      <ModalBody id="expiry-text">
        <p>{t('expiry.text')}</p>
        <p className="oriel-subtle" aria-live="off">
          {n('expiry.left', left)}
        </p>
      </ModalBody>
      <ModalFooter>
        <Button autoFocus onClick={stay}>
          {t('expiry.stay')}
        </Button>
      </ModalFooter>
    </Modal>
  );
}
