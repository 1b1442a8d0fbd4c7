import { FormGroup, FormSelect, FormSelectOption, Radio } from '@patternfly/react-core';
import { useState } from 'react';
import type { Image } from '../../api/types';
import { useLanguage } from '../../i18n/language';
import { NumberField } from '../NumberField';
import { BOUNDS, readyVersions, SCREENS, sizeOf, SIZES, type PoolDraft, type Size } from './poolDraft';

interface Props<K extends keyof PoolDraft> {
  draft: Pick<PoolDraft, K>;
  change: (change: Partial<PoolDraft>) => void;
}

export function ImageFields({ draft, change, images }: Props<'image' | 'imageVersion'> & { images: readonly Image[] }) {
  const { t } = useLanguage();
  const image = images.find((candidate) => candidate.name === draft.image);
  const versions = readyVersions(image);
  const choices = versions.includes(draft.imageVersion) ? versions : [draft.imageVersion, ...versions];
  return (
    <>
      <FormGroup label={t('pools.image')} fieldId="pool-image">
        <FormSelect
          id="pool-image"
          value={draft.image}
          onChange={(_, name) => {
            const chosen = images.find((candidate) => candidate.name === name);
            change({ image: name, imageVersion: readyVersions(chosen)[0] ?? 0 });
          }}
        >
          {images
            .filter((candidate) => readyVersions(candidate).length > 0)
            .map((candidate) => (
              <FormSelectOption key={candidate.name} value={candidate.name} label={candidate.displayName} />
            ))}
        </FormSelect>
      </FormGroup>
      <FormGroup label={t('images.version')} fieldId="pool-version">
        <FormSelect id="pool-version" value={draft.imageVersion} onChange={(_, value) => change({ imageVersion: Number(value) })}>
          {choices.map((version) => {
            const changelog = image?.versions.find((candidate) => candidate.version === version)?.changelog;
            return <FormSelectOption key={version} value={version} label={changelog ? `${version}: ${changelog}` : String(version)} />;
          })}
        </FormSelect>
      </FormGroup>
    </>
  );
}

export function MachineFields({ draft, change }: Props<'vcpus' | 'memoryMib' | 'width' | 'height'>) {
  const { t } = useLanguage();
  const size = sizeOf(draft);
  const [own, setOwn] = useState(size === undefined);
  const screen = `${draft.width}x${draft.height}`;
  const screens: readonly string[] = (SCREENS as readonly string[]).includes(screen) ? SCREENS : [screen, ...SCREENS];
  return (
    <>
      <FormGroup role="radiogroup" label={t('pools.sizing')} fieldId="pool-size-small">
        {(Object.keys(SIZES) as Size[]).map((name) => (
          <Radio
            key={name}
            id={`pool-size-${name}`}
            name="pool-machine-size"
            label={t(`pools.sizing.${name}`)}
            description={t('pools.sizing.what', { vcpus: SIZES[name].vcpus, memory: SIZES[name].memoryMib })}
            isChecked={!own && size === name}
            onChange={() => {
              setOwn(false);
              change(SIZES[name]);
            }}
          />
        ))}
        <Radio
          id="pool-size-own"
          name="pool-machine-size"
          label={t('pools.sizing.own')}
          isChecked={own}
          onChange={() => setOwn(true)}
        />
      </FormGroup>
      {own && (
        <div className="oriel-form__row">
          <NumberField id="pool-vcpus" label={t('pools.vcpus')} value={draft.vcpus} change={(vcpus) => change({ vcpus })} {...BOUNDS.vcpus} />
          <NumberField
            id="pool-memory"
            label={t('pools.memory')}
            unit="MiB"
            step={256}
            value={draft.memoryMib}
            change={(memoryMib) => change({ memoryMib })}
            {...BOUNDS.memoryMib}
          />
        </div>
      )}
      <FormGroup label={t('pools.screen')} fieldId="pool-screen">
        <FormSelect
          id="pool-screen"
          value={screen}
          onChange={(_, value) => {
            const [width = 1280, height = 720] = value.split('x').map(Number);
            change({ width, height });
          }}
        >
          {screens.map((value) => (
            <FormSelectOption key={value} value={value} label={value.replace('x', ' × ')} />
          ))}
        </FormSelect>
      </FormGroup>
    </>
  );
}

export function CapacityFields({ draft, change }: Props<'size' | 'warm'>) {
  const { t } = useLanguage();
  return (
    <>
      <NumberField
        id="pool-size"
        label={t('pools.size')}
        help={t('pools.sizeHelp')}
        value={draft.size}
        change={(size) => change({ size })}
        {...BOUNDS.size}
      />
      <NumberField
        id="pool-warm"
        label={t('pools.warm')}
        help={draft.warm > draft.size ? t('pools.warmTooMany') : t('pools.warmHelp')}
        value={draft.warm}
        change={(warm) => change({ warm })}
        {...BOUNDS.warm}
      />
    </>
  );
}
