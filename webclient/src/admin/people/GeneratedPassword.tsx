import { Button, ClipboardCopy, Modal, ModalBody, ModalFooter, ModalHeader } from '@patternfly/react-core';
import { useLanguage } from '../../i18n/language';

/** Shows a password that the broker generated; it can't be shown again. */
export function GeneratedPassword({
  username,
  password,
  close,
}: {
  username: string;
  password: string;
  close: () => void;
}) {
  const { t } = useLanguage();
  return (
    <Modal isOpen variant="small" onClose={close} aria-labelledby="generated-title">
      <ModalHeader
        title={t('generated.title', { name: username })}
        labelId="generated-title"
        description={t('generated.text')}
      />
      <ModalBody>
        <ClipboardCopy isReadOnly hoverTip={t('action.copy')} clickTip={t('action.copied')} textAriaLabel={t('signIn.password')}>
          {password}
        </ClipboardCopy>
      </ModalBody>
      <ModalFooter>
        <Button onClick={close}>{t('action.close')}</Button>
      </ModalFooter>
    </Modal>
  );
}
