import { Facts } from '../admin/Facts';
import { LineChart } from '../charts/LineChart';
import { useLanguage } from '../i18n/language';
import { KEPT_MS, latency, points, type LiveSample } from './figures';
import { useFigures } from './useFigures';

const MIB = 1 << 20;

type Span = Pick<Parameters<typeof LineChart>[0], 'from' | 'until' | 'gapMs'>;

/** What an administrator asks of a machine: whether it waits for others, whose memory it has, what its devices move. */
function HostSide({ samples, span }: { samples: readonly LiveSample[]; span: Span }) {
  const { t, number } = useLanguage();
  const last = samples.at(-1);
  if (!last) return null;
  const mib = (bytes: number): string => t('figures.mib', { count: number(Math.round(bytes / MIB)) });
  const rate = (bytes: number): string => `${number(Math.round(bytes / 1000))} kB/s`;
  return (
    <>
      <LineChart
        {...span}
        label={t('figures.ready')}
        points={points(samples, ({ cpuReadyPercent }) => cpuReadyPercent)}
        unit={(value) => `${number(Math.round(value))} %`}
        most={20}
      />
      <LineChart
        {...span}
        label={t('figures.disk')}
        points={points(samples, ({ traffic }) => traffic && (traffic.diskRead + traffic.diskWritten) / 1000)}
        unit={(value) => `${number(Math.round(value))} kB/s`}
        most={100}
      />
      <LineChart
        {...span}
        label={t('figures.network')}
        points={points(samples, ({ traffic }) => traffic && (traffic.networkReceived + traffic.networkSent) / 1000)}
        unit={(value) => `${number(Math.round(value))} kB/s`}
        most={100}
      />
      <Facts
        columns={2}
        facts={[
          [t('figures.given'), mib(last.memoryBytes)],
          [t('figures.active'), last.guestUsedBytes !== undefined && mib(last.guestUsedBytes)],
          [t('figures.private'), mib(last.hostMemoryBytes)],
          [t('figures.shared'), mib(last.sharedMemoryBytes)],
          [t('figures.ballooned'), mib(last.balloonedBytes)],
          [t('figures.diskBoth'), last.traffic && t('figures.inOut', { in: rate(last.traffic.diskRead), out: rate(last.traffic.diskWritten) })],
          [t('figures.networkBoth'), last.traffic && t('figures.inOut', { in: rate(last.traffic.networkReceived), out: rate(last.traffic.networkSent) })],
        ]}
      />
    </>
  );
}

interface Props {
  /** Whose figures: a session's have its user's display too. */
  of: 'sessions' | 'machines';
  id: string;
  /** What changes when there may be figures again. */
  changed: string;
}

/** What a machine uses just now, and how quickly its display answers, live. */
export function LiveCharts({ of, id, changed }: Props) {
  const { t, number } = useLanguage();
  const { samples, intervalMs, state } = useFigures(`/api/v1/${of}/${encodeURIComponent(id)}/metrics/events`, changed);
  const last = samples.at(-1);
  if (!last) return <p className="oriel-subtle">{t(state === 'ended' ? 'figures.none' : 'figures.waiting')}</p>;
  const until = Date.parse(last.at);
  const span = { from: until - KEPT_MS, until, gapMs: 4 * intervalMs };
  const memory = (sample: LiveSample): number => (sample.guestUsedBytes ?? sample.hostMemoryBytes) / MIB;
  return (
    <div className="oriel-figures" data-state={state}>
      <LineChart
        {...span}
        label={t('figures.cpu')}
        points={points(samples, ({ cpuPercent }) => cpuPercent)}
        unit={(value) => `${number(Math.round(value))} %`}
        most={100}
      />
      <LineChart
        {...span}
        label={t(last.guestUsedBytes === undefined ? 'figures.hostMemory' : 'figures.memory', { most: number(Math.round(last.memoryBytes / MIB)) })}
        points={points(samples, memory)}
        unit={(value) => `${number(Math.round(value))} MiB`}
        most={last.memoryBytes / MIB}
      />
      {of === 'machines' && <HostSide samples={samples} span={span} />}
      {of === 'sessions' &&
        (last.display ? (
          <>
            <LineChart {...span} label={t('figures.latency')} points={points(samples, latency)} unit={(value) => `${number(Math.round(value))} ms`} most={100} />
            <LineChart
              {...span}
              label={t('figures.traffic')}
              points={points(samples, ({ display }) => display?.bytesPerSecond && display.bytesPerSecond / 1000)}
              unit={(value) => `${number(Math.round(value))} kB/s`}
              most={10}
            />
          </>
        ) : (
          <p className="oriel-subtle">{t('figures.noDisplay')}</p>
        ))}
      {state === 'ended' && <p className="oriel-subtle">{t('figures.ended')}</p>}
    </div>
  );
}
