import { Button, Form, FormGroup, FormHelperText, FormSection, HelperText, HelperTextItem, Modal, ModalBody, ModalFooter, ModalHeader, TextInput } from '@patternfly/react-core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { FailureAlert } from '../../app/FailureAlert';
import { useToasts } from '../../app/toasts';
import { useSubmit } from '../../app/useSubmit';
import { useLanguage } from '../../i18n/language';
import { importImage } from '../api';
import { ID } from '../pool/poolDraft';

const DISK = /^[^/\\]+\.(raw|img|qcow2|vmdk|vhdx|vdi)$/i;

/** Makes a disk of the server a draft, of the image `name` or of a new one. */
export function ImportDiskDialog({ name: existing, close }: { name?: string; close: () => void }) {
  const { t } = useLanguage();
  const client = useQueryClient();
  const toasts = useToasts();
  const [name, setName] = useState(existing ?? '');
  const [disk, setDisk] = useState('');
  const [kernel, setKernel] = useState('');
  const [initrd, setInitrd] = useState('');
  const [commandLine, setCommandLine] = useState('');
  const badName = name !== '' && !ID.test(name);
  const badDisk = disk !== '' && !DISK.test(disk);
  const half = (kernel === '') !== (initrd === '');
  const { busy, failure, submit } = useSubmit(async () => {
    await importImage(name, { disk, ...(kernel && { kernel, initrd }), ...(commandLine && { commandLine }) });
    await client.invalidateQueries({ queryKey: ['image'] });
    void client.invalidateQueries({ queryKey: ['operation'] });
    toasts.success(t('images.importing', { name }));
    close();
  });

  return (
    <Modal isOpen variant="small" onClose={close} aria-labelledby="import-title">
      <ModalHeader title={existing ? t('images.importOf', { name: existing }) : t('images.import')} labelId="import-title" description={t('images.importHelp')} />
      <ModalBody>
        <Form id="import-disk" onSubmit={(event) => void submit(event)} autoComplete="off">
          {failure && <FailureAlert failure={failure} />}
          {!existing && (
            <FormGroup label={t('pools.image')} fieldId="import-name" isRequired>
              <TextInput
                id="import-name"
                isRequired
                autoFocus
                maxLength={40}
                spellCheck={false}
                autoCapitalize="none"
                aria-describedby="import-name-help"
                validated={badName ? 'error' : 'default'}
                value={name}
                onChange={(_, value) => setName(value)}
              />
              <FormHelperText>
                <HelperText id="import-name-help">
                  <HelperTextItem variant={badName ? 'error' : 'default'}>{t('wizard.idHelp')}</HelperTextItem>
                </HelperText>
              </FormHelperText>
            </FormGroup>
          )}
          <FormGroup label={t('images.disk')} fieldId="import-disk-name" isRequired>
            <TextInput
              id="import-disk-name"
              isRequired
              autoFocus={existing !== undefined}
              maxLength={200}
              spellCheck={false}
              autoCapitalize="none"
              aria-describedby="import-disk-help"
              validated={badDisk ? 'error' : 'default'}
              value={disk}
              onChange={(_, value) => setDisk(value.trim())}
            />
            <FormHelperText>
              <HelperText id="import-disk-help">
                <HelperTextItem variant={badDisk ? 'error' : 'default'}>{t(badDisk ? 'images.badDisk' : 'images.diskHelp')}</HelperTextItem>
              </HelperText>
            </FormHelperText>
          </FormGroup>
          <FormSection title={t('images.boot')} titleElement="h2">
            <FormGroup label={t('images.kernel')} fieldId="import-kernel">
              <TextInput id="import-kernel" spellCheck={false} autoCapitalize="none" value={kernel} onChange={(_, value) => setKernel(value.trim())} />
            </FormGroup>
            <FormGroup label={t('images.initrd')} fieldId="import-initrd">
              <TextInput
                id="import-initrd"
                spellCheck={false}
                autoCapitalize="none"
                aria-describedby="import-boot-help"
                validated={half ? 'error' : 'default'}
                value={initrd}
                onChange={(_, value) => setInitrd(value.trim())}
              />
              <FormHelperText>
                <HelperText id="import-boot-help">
                  <HelperTextItem variant={half ? 'error' : 'default'}>{t(half ? 'images.bootBoth' : 'images.bootHelp')}</HelperTextItem>
                </HelperText>
              </FormHelperText>
            </FormGroup>
            <FormGroup label={t('images.commandLine')} fieldId="import-command-line">
              <TextInput id="import-command-line" maxLength={2000} spellCheck={false} autoCapitalize="none" value={commandLine} onChange={(_, value) => setCommandLine(value)} />
            </FormGroup>
          </FormSection>
        </Form>
      </ModalBody>
      <ModalFooter>
        <Button type="submit" form="import-disk" isLoading={busy} isDisabled={busy || !ID.test(name) || !DISK.test(disk) || half}>
          {t('images.import')}
        </Button>
        <Button variant="link" onClick={close}>
          {t('action.cancel')}
        </Button>
      </ModalFooter>
    </Modal>
  );
}
