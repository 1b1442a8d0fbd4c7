import { Progress, ProgressStep, ProgressStepper, Spinner } from '@patternfly/react-core';
import type { Desktop } from '../api/types';
import { useLanguage } from '../i18n/language';
import { current, percent, steps, type DrawState, type Step } from './stages';
import { useCountdown } from './useCountdown';

function variant(step: Step) {
  switch (step.state) {
    case 'DONE':
      return 'success';
    case 'ACTIVE':
      return 'info';
    case 'FAILED':
      return 'danger';
    case 'PENDING':
      return 'pending';
  }
}

interface Props {
  desktop: Desktop | undefined;
  draw?: DrawState;
}

/** How far the machine is, in a line: for a card. */
export function StartBar({ desktop, draw }: Props) {
  const { t, duration } = useLanguage();
  const list = steps(desktop, draw);
  const active = current(list);
  const left = useCountdown(desktop?.estimateSeconds, desktop?.changed ?? '');
  return (
    <Progress
      value={percent(list)}
      title={t(active ? `step.${active.name}.doing` : 'step.waiting')}
      measureLocation="none"
      size="sm"
      helperText={left === undefined ? undefined : t('start.left', { time: duration(left) })}
      {...(active?.state === 'FAILED' && { variant: 'danger' as const })}
    />
  );
}

/** Every step from claim to picture: for the viewer while it waits. */
export function StartSteps({ desktop, draw }: Props) {
  const { t, duration } = useLanguage();
  const list = steps(desktop, draw);
  const left = useCountdown(desktop?.estimateSeconds, desktop?.changed ?? '');
  const active = current(list);
  return (
    <div className="oriel-steps">
      <p className="oriel-visually-hidden" role="status">
        {active && t(`step.${active.name}.doing`)}
      </p>
      <ProgressStepper isCenterAligned aria-label={t('start.steps')}>
        {list.map((step) => (
          <ProgressStep
            key={step.name}
            id={`step-${step.name}`}
            titleId={`step-${step.name}-title`}
            variant={variant(step)}
            isCurrent={step === active}
            {...(step.state === 'ACTIVE' && { icon: <Spinner size="sm" aria-hidden="true" /> })}
            aria-label={t(`step.state.${step.state}`)}
          >
            {t(`step.${step.name}`)}
          </ProgressStep>
        ))}
      </ProgressStepper>
      <p className="oriel-subtle oriel-steps__left">
        {left === undefined || draw === 'drawing' ? ' ' : t('start.left', { time: duration(left) })}
      </p>
    </div>
  );
}
