import { useLanguage } from '../../i18n/language';
import { Facts } from '../Facts';
import { LIMITS, type OpenWindow, type Policy } from './policy';
import { DAYS } from './schedule';

/** "Mon–Fri 08:00–18:00", in the person's language. */
export function useWindowWords(): (window: OpenWindow) => string {
  const { t, weekday } = useLanguage();
  return ({ days, from, until }) => {
    const chosen = DAYS.filter((day) => !days?.length || days.includes(day));
    const [first, last] = [chosen[0], chosen.at(-1)];
    const run = first && last && DAYS.indexOf(last) - DAYS.indexOf(first) === chosen.length - 1;
    const words =
      chosen.length === DAYS.length
        ? t('schedule.everyDay')
        : run && chosen.length > 2
          ? `${weekday(first)}–${weekday(last)}`
          : chosen.map((day) => weekday(day)).join(', ');
    return `${words} ${from.slice(0, 5)}–${until.slice(0, 5)}`;
  };
}

/** A pool's policy in words. */
export function PolicyFacts({ policy, vlan }: { policy: Policy; vlan?: number | undefined }) {
  const { t, duration } = useLanguage();
  const words = useWindowWords();
  const { schedule, snapshots, limits } = policy;
  return (
    <Facts
      columns={2}
      facts={[
        [t('policy.assignment'), t(`policy.assignment.${policy.assignment}`)],
        [t('policy.cloneType'), t(`policy.cloneType.${policy.cloneType}`)],
        [t('policy.logoffAction'), t(`policy.logoffAction.${policy.logoffAction}`)],
        [t('policy.min'), policy.min],
        ...LIMITS.map((key) => [t(`policy.limit.${key}`), limits[key] === undefined ? t('policy.never') : duration(limits[key] * 60)] as const),
        [t('clipboard.title'), t(`policy.clipboard.${policy.clipboard}`)],
        [t('policy.fileDrop'), t(`policy.fileDrop.${policy.fileDrop}`)],
        [t('policy.nativeViewers'), t(`policy.nativeViewers.${policy.nativeViewers}`)],
        [t('policy.recording'), t(`policy.recording.${policy.recording}`)],
        [
          t('policy.resources'),
          [
            t('policy.shares', { shares: policy.resources.cpuShares }),
            policy.resources.cpuLimitPercent !== undefined && t('policy.cpuAtMost', { percent: policy.resources.cpuLimitPercent }),
            policy.resources.cpuReservedPercent > 0 && t('policy.cpuKept', { percent: policy.resources.cpuReservedPercent }),
            policy.resources.memoryReservedMib > 0 && t('policy.memoryKept', { mib: policy.resources.memoryReservedMib }),
          ]
            .filter(Boolean)
            .join(', '),
        ],
        [
          t('policy.network'),
          [
            t(`policy.network.${policy.network.access}`),
            policy.network.uplink !== 'none' && t(`policy.uplink.${policy.network.uplink}`),
            policy.network.access !== 'none' && vlan !== undefined && t('policy.vlan', { vlan }),
          ]
            .filter(Boolean)
            .join(', '),
        ],
        [
          t('snapshots.open'),
          [
            t(snapshots.byUser ? 'policy.snapshots.user' : 'policy.snapshots.noUser'),
            snapshots.daily && t('policy.snapshots.at', { time: snapshots.daily.slice(0, 5) }),
            t('policy.snapshots.kept', { most: snapshots.most, days: snapshots.days }),
          ]
            .filter(Boolean)
            .join(', '),
        ],
        [
          t('policy.placement'),
          [
            t(`placement.${policy.placement.strategy}`),
            policy.placement.onlyHosts.length > 0 && t('placement.onlyOn', { hosts: policy.placement.onlyHosts.join(', ') }),
            policy.placement.avoidHosts.length > 0 && t('placement.notOn', { hosts: policy.placement.avoidHosts.join(', ') }),
          ]
            .filter(Boolean)
            .join(', '),
        ],
        [
          t('schedule.open'),
          schedule.open.length === 0 ? t('schedule.always') : schedule.open.map(words).join('; '),
        ],
        [
          t('schedule.warm'),
          schedule.warm.length > 0 && schedule.warm.map((window) => `${words(window)}: ${window.machines}`).join('; '),
        ],
        [t('schedule.zone'), (schedule.open.length > 0 || schedule.warm.length > 0) && schedule.zone],
      ]}
    />
  );
}
