import {
  Checkbox, FormGroup, FormHelperText, FormSelect, FormSelectOption, HelperText, HelperTextItem, NumberInput, Radio, Switch, TextInput,
} from '@patternfly/react-core';
import { useLanguage } from '../../i18n/language';
import { NumberField } from '../NumberField';
import {
  ACCESSES, ASSIGNMENTS, CLIPBOARDS, CLONE_TYPES, FILE_DROPS, LIMITS, NATIVE_VIEWERS, RECORDINGS, UPLINKS, logoffActions, type Limits, type Policy,
} from './policy';
import { BOUNDS } from './poolDraft';

interface Props<K extends keyof Policy> {
  policy: Pick<Policy, K>;
  change: (change: Partial<Policy>) => void;
}

export function AssignmentFields({ policy, change }: Props<'assignment'>) {
  const { t } = useLanguage();
  return (
    <FormGroup role="radiogroup" label={t('policy.assignment')} fieldId="policy-floating">
      {ASSIGNMENTS.map((assignment) => (
        <Radio
          key={assignment}
          id={`policy-${assignment}`}
          name="policy-assignment"
          label={t(`policy.assignment.${assignment}`)}
          description={t(`policy.assignment.${assignment}.help`)}
          isChecked={policy.assignment === assignment}
          onChange={() => change({ assignment, logoffAction: logoffActions(assignment)[0] ?? 'refresh' })}
        />
      ))}
    </FormGroup>
  );
}

export function MinField({ policy, change }: Props<'min'>) {
  const { t } = useLanguage();
  return (
    <NumberField id="pool-min" label={t('policy.min')} help={t('policy.minHelp')} value={policy.min} change={(min) => change({ min })} {...BOUNDS.warm} />
  );
}

export function CloneFields({ policy, change }: Props<'cloneType'>) {
  const { t } = useLanguage();
  return (
    <FormGroup role="radiogroup" label={t('policy.cloneType')} fieldId="policy-clone-linked">
      {CLONE_TYPES.map((cloneType) => (
        <Radio
          key={cloneType}
          id={`policy-clone-${cloneType}`}
          name="policy-clone"
          label={t(`policy.cloneType.${cloneType}`)}
          description={t(`policy.cloneType.${cloneType}.help`)}
          isChecked={policy.cloneType === cloneType}
          onChange={() => change({ cloneType })}
        />
      ))}
    </FormGroup>
  );
}

export function LogoffFields({ policy, change }: Props<'assignment' | 'logoffAction'>) {
  const { t } = useLanguage();
  return (
    <FormGroup role="radiogroup" label={t('policy.logoffAction')} fieldId="policy-logoff-refresh">
      {logoffActions(policy.assignment).map((logoffAction) => (
        <Radio
          key={logoffAction}
          id={`policy-logoff-${logoffAction}`}
          name="policy-logoff"
          label={t(`policy.logoffAction.${logoffAction}`)}
          description={t(`policy.logoffAction.${logoffAction}.help`)}
          isChecked={policy.logoffAction === logoffAction}
          onChange={() => change({ logoffAction })}
        />
      ))}
    </FormGroup>
  );
}

const DEFAULT_MINUTES: Required<Limits> = { idleMinutes: 30, disconnectedMinutes: 60, maxMinutes: 600 };
/** The broker takes up to thirty days. */
const MOST_MINUTES = 60 * 24 * 30;

export function LimitFields({ policy: { limits }, change }: Props<'limits'>) {
  const { t, duration } = useLanguage();
  const put = (key: keyof Limits, minutes: number | undefined): void => {
    const { [key]: _, ...rest } = limits;
    change({ limits: minutes === undefined ? rest : { ...rest, [key]: Math.min(MOST_MINUTES, Math.max(1, Math.round(minutes) || 1)) } });
  };
  return (
    <FormGroup role="group" label={t('policy.limits')} fieldId="policy-limit-idleMinutes">
      {LIMITS.map((key) => {
        const minutes = limits[key];
        return (
          <Checkbox
            key={key}
            id={`policy-limit-${key}`}
            className="oriel-limit"
            label={t(`policy.limit.${key}`)}
            description={t(`policy.limit.${key}.help`)}
            isChecked={minutes !== undefined}
            onChange={(_, on) => put(key, on ? DEFAULT_MINUTES[key] : undefined)}
            body={
              minutes !== undefined && (
                <NumberInput
                  inputAriaLabel={t(`policy.limit.${key}`)}
                  minusBtnAriaLabel={t('number.less', { name: t(`policy.limit.${key}`) })}
                  plusBtnAriaLabel={t('number.more', { name: t(`policy.limit.${key}`) })}
                  min={1}
                  max={MOST_MINUTES}
                  widthChars={6}
                  value={minutes}
                  unit={`${t('policy.minutes')}${minutes >= 60 ? ` (${duration(minutes * 60)})` : ''}`}
                  onMinus={() => put(key, minutes - 5)}
                  onPlus={() => put(key, minutes + 5)}
                  onChange={(event) => put(key, Number(event.currentTarget.value))}
                />
              )
            }
          />
        );
      })}
    </FormGroup>
  );
}

export function ClipboardField({ policy, change }: Props<'clipboard'>) {
  const { t } = useLanguage();
  return (
    <FormGroup label={t('clipboard.title')} fieldId="policy-clipboard">
      <FormSelect id="policy-clipboard" value={policy.clipboard} onChange={(_, value) => change({ clipboard: value as Policy['clipboard'] })}>
        {CLIPBOARDS.map((choice) => (
          <FormSelectOption key={choice} value={choice} label={t(`policy.clipboard.${choice}`)} />
        ))}
      </FormSelect>
    </FormGroup>
  );
}

export function NetworkFields({ policy: { network }, change }: Props<'network'>) {
  const { t } = useLanguage();
  const put = (part: Partial<Policy['network']>): void => change({ network: { ...network, ...part } });
  const { device, ...wired } = network;
  /** A device is a bridge's only; absent, so that the broker asks for it. */
  const lead = (uplink: Policy['network']['uplink'], to: string | undefined): void =>
    change({ network: { ...wired, uplink, ...(uplink === 'bridge' && to && { device: to }) } });
  return (
    <>
      <FormGroup role="radiogroup" label={t('policy.access')} fieldId="policy-network-isolated">
        {ACCESSES.map((access) => (
          <Radio
            key={access}
            id={`policy-network-${access}`}
            name="policy-network"
            label={t(`policy.network.${access}`)}
            description={t(`policy.network.${access}.help`)}
            isChecked={network.access === access}
            onChange={() => (access === 'none' ? change({ network: { ...wired, access, uplink: 'none' } }) : put({ access }))}
          />
        ))}
      </FormGroup>
      {network.access !== 'none' && (
        <FormGroup label={t('policy.uplink')} fieldId="policy-uplink">
          <FormSelect id="policy-uplink" value={network.uplink} onChange={(_, value) => lead(value as Policy['network']['uplink'], device)}>
            {UPLINKS.map((uplink) => (
              <FormSelectOption key={uplink} value={uplink} label={t(`policy.uplink.${uplink}`)} />
            ))}
          </FormSelect>
        </FormGroup>
      )}
      {network.uplink === 'bridge' && (
        <FormGroup label={t('policy.device')} isRequired fieldId="policy-device">
          <TextInput
            id="policy-device"
            isRequired
            maxLength={15}
            value={device ?? ''}
            aria-describedby="policy-device-help"
            onChange={(_, value) => lead('bridge', value.trim())}
          />
          <FormHelperText>
            <HelperText>
              <HelperTextItem id="policy-device-help">{t('policy.device.help')}</HelperTextItem>
            </HelperText>
          </FormHelperText>
        </FormGroup>
      )}
      {network.access !== 'none' && (
        <NumberField
          id="policy-megabits"
          label={t('policy.megabits')}
          least={1}
          most={10_000}
          value={network.megabits}
          change={(megabits) => put({ megabits })}
        />
      )}
    </>
  );
}

/** What one machine of the pool may have of its host when others want it too. */
export function ResourceFields({ policy: { resources }, change }: Props<'resources'>) {
  const { t } = useLanguage();
  const put = (part: Partial<Policy['resources']>): void => change({ resources: { ...resources, ...part } });
  const { cpuLimitPercent: limit, ...unlimited } = resources;
  return (
    <FormGroup role="group" label={t('policy.resources')} fieldId="policy-cpu-shares">
      <div className="oriel-form__row">
        <NumberField
          id="policy-cpu-shares"
          label={t('policy.cpuShares')}
          help={t('policy.cpuShares.help')}
          least={1}
          most={10_000}
          step={100}
          value={resources.cpuShares}
          change={(cpuShares) => put({ cpuShares })}
        />
        <NumberField
          id="policy-cpu-reserved"
          label={t('policy.cpuReserved')}
          unit="%"
          least={0}
          most={limit ?? 6400}
          step={5}
          value={resources.cpuReservedPercent}
          change={(cpuReservedPercent) => put({ cpuReservedPercent })}
        />
        <NumberField
          id="policy-memory-reserved"
          label={t('policy.memoryReserved')}
          unit="MiB"
          least={0}
          most={1_048_576}
          step={64}
          value={resources.memoryReservedMib}
          change={(memoryReservedMib) => put({ memoryReservedMib })}
        />
      </div>
      <Checkbox
        id="policy-cpu-limited"
        label={t('policy.cpuLimit')}
        description={t('policy.cpuLimit.help')}
        isChecked={limit !== undefined}
        onChange={(_, on) => change({ resources: on ? { ...unlimited, cpuLimitPercent: Math.max(50, unlimited.cpuReservedPercent) } : unlimited })}
        body={
          limit !== undefined && (
            <NumberField
              id="policy-cpu-limit"
              label={t('policy.cpuLimit.percent')}
              unit="%"
              least={Math.max(1, resources.cpuReservedPercent)}
              most={6400}
              step={5}
              value={limit}
              change={(cpuLimitPercent) => put({ cpuLimitPercent })}
            />
          )
        }
      />
    </FormGroup>
  );
}

export function SnapshotFields({ policy: { snapshots }, change }: Props<'snapshots'>) {
  const { t } = useLanguage();
  const put = (part: Partial<Policy['snapshots']>): void => change({ snapshots: { ...snapshots, ...part } });
  return (
    <>
      <FormGroup role="group" fieldId="policy-snapshots-user">
        <Switch id="policy-snapshots-user" label={t('policy.snapshots.byUser')} isChecked={snapshots.byUser} onChange={(_, byUser) => put({ byUser })} />
      </FormGroup>
      <FormGroup role="group" fieldId="policy-snapshots-daily">
        <Checkbox
          id="policy-snapshots-daily"
          label={t('policy.snapshots.daily')}
          description={t('policy.snapshots.daily.help')}
          isChecked={snapshots.daily !== undefined}
          onChange={(_, on) => put({ daily: on ? '12:30' : undefined })}
          body={
            snapshots.daily !== undefined && (
              <TextInput
                className="oriel-time"
                aria-label={t('policy.snapshots.time')}
                type="time"
                isRequired
                value={snapshots.daily.slice(0, 5)}
                onChange={(_, daily) => daily && put({ daily })}
              />
            )
          }
        />
      </FormGroup>
      <div className="oriel-form__row">
        <NumberField id="policy-snapshots-most" label={t('policy.snapshots.most')} least={1} most={50} value={snapshots.most} change={(most) => put({ most })} />
        <NumberField id="policy-snapshots-days" label={t('policy.snapshots.days')} least={1} most={3650} value={snapshots.days} change={(days) => put({ days })} />
      </div>
    </>
  );
}

export function FileDropField({ policy, change }: Props<'fileDrop'>) {
  const { t } = useLanguage();
  return (
    <FormGroup label={t('policy.fileDrop')} fieldId="policy-files">
      <FormSelect id="policy-files" value={policy.fileDrop} onChange={(_, value) => change({ fileDrop: value as Policy['fileDrop'] })}>
        {FILE_DROPS.map((choice) => (
          <FormSelectOption key={choice} value={choice} label={t(`policy.fileDrop.${choice}`)} />
        ))}
      </FormSelect>
    </FormGroup>
  );
}

export function NativeViewersField({ policy, change }: Props<'nativeViewers'>) {
  const { t } = useLanguage();
  return (
    <FormGroup role="radiogroup" label={t('policy.nativeViewers')} fieldId="policy-native-viewers-off">
      {NATIVE_VIEWERS.map((nativeViewers) => (
        <Radio
          key={nativeViewers}
          id={`policy-native-viewers-${nativeViewers}`}
          name="policy-native-viewers"
          label={t(`policy.nativeViewers.${nativeViewers}`)}
          {...(nativeViewers === 'on' && { description: t('policy.nativeViewers.help') })}
          isChecked={policy.nativeViewers === nativeViewers}
          onChange={() => change({ nativeViewers })}
        />
      ))}
    </FormGroup>
  );
}

export function RecordingField({ policy, change }: Props<'recording'>) {
  const { t } = useLanguage();
  return (
    <FormGroup role="radiogroup" label={t('policy.recording')} fieldId="policy-recording-off">
      {RECORDINGS.map((recording) => (
        <Radio
          key={recording}
          id={`policy-recording-${recording}`}
          name="policy-recording"
          label={t(`policy.recording.${recording}`)}
          {...(recording === 'all' && { description: t('policy.recording.all.help') })}
          isChecked={policy.recording === recording}
          onChange={() => change({ recording })}
        />
      ))}
    </FormGroup>
  );
}
