import { Button, Modal, ModalBody, ModalFooter, ModalHeader } from '@patternfly/react-core';
import type { Machine } from '../api/types';
import { useLanguage } from '../i18n/language';
import { useMe } from '../identity/identity';
import { MachineScreen } from './MachineScreen';

/** A machine's screen as large as fits, as long as the dialog is open. */
export function ScreenDialog({ machine, close }: { machine: Machine; close: () => void }) {
  const { t } = useLanguage();
  const me = useMe();
  return (
    <Modal isOpen variant="large" onClose={close} aria-labelledby="screen-title">
      <ModalHeader title={t('screen.of', { machine: machine.name })} labelId="screen-title" />
      <ModalBody>
        <MachineScreen
          machine={machine.name}
          private={machine.username !== undefined && machine.username !== me.username}
          width={1280}
          changed={machine.changed}
        />
      </ModalBody>
      <ModalFooter>
        <Button variant="secondary" onClick={close}>
          {t('action.close')}
        </Button>
      </ModalFooter>
    </Modal>
  );
}
