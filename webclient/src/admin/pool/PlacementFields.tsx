import { Checkbox, FormGroup, FormHelperText, FormSelect, FormSelectOption, HelperText, HelperTextItem, Radio } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { hosts } from '../api';
import { useLanguage } from '../../i18n/language';
import { hasRight, useMe } from '../../identity/identity';
import { STRATEGIES, type Policy } from './policy';

type Affinity = 'any' | 'only' | 'avoid';

/** On which hosts machines are made. With one host there is nothing to choose, but what was chosen is shown. */
export function PlacementFields({ policy: { placement }, change }: { policy: Pick<Policy, 'placement'>; change: (change: Partial<Policy>) => void }) {
  const { t } = useLanguage();
  const query = useQuery({ queryKey: ['host', 'all'], queryFn: hosts, enabled: hasRight(useMe(), 'machine.read') });
  const named = [...placement.onlyHosts, ...placement.avoidHosts];
  const names = [...new Set([...(query.data ?? []).map((host) => host.name), ...named])].sort();
  const affinity: Affinity = placement.onlyHosts.length > 0 ? 'only' : placement.avoidHosts.length > 0 ? 'avoid' : 'any';
  const put = (part: Partial<Policy['placement']>): void => change({ placement: { ...placement, ...part } });
  const choose = (how: Affinity, chosen: readonly string[]): void =>
    put({ onlyHosts: how === 'only' ? [...chosen] : [], avoidHosts: how === 'avoid' ? [...chosen] : [] });
  return (
    <>
      <FormGroup role="radiogroup" label={t('placement.strategy')} fieldId="placement-breadth-first">
        {STRATEGIES.map((strategy) => (
          <Radio
            key={strategy}
            id={`placement-${strategy}`}
            name="placement-strategy"
            label={t(`placement.${strategy}`)}
            description={t(`placement.${strategy}.help`)}
            isChecked={placement.strategy === strategy}
            onChange={() => put({ strategy })}
          />
        ))}
      </FormGroup>
      <FormGroup label={t('placement.hosts')} fieldId="placement-affinity">
        <FormSelect
          id="placement-affinity"
          aria-describedby="placement-help"
          value={affinity}
          // An empty list means every host: one must be named for the choice to be one.
          onChange={(_, how) => choose(how as Affinity, named.length > 0 ? named : names.slice(0, 1))}
        >
          <FormSelectOption value="any" label={t('placement.any')} />
          <FormSelectOption value="only" label={t('placement.only')} isDisabled={names.length === 0} />
          <FormSelectOption value="avoid" label={t('placement.avoid')} isDisabled={names.length === 0} />
        </FormSelect>
        <FormHelperText>
          <HelperText id="placement-help">
            <HelperTextItem>{t('placement.help')}</HelperTextItem>
          </HelperText>
        </FormHelperText>
      </FormGroup>
      {affinity !== 'any' && (
        <FormGroup role="group" label={t(`placement.${affinity}`)} fieldId={`placement-host-${names[0] ?? ''}`}>
          {names.map((name) => (
            <Checkbox
              key={name}
              className="oriel-target"
              id={`placement-host-${name}`}
              label={name}
              isChecked={named.includes(name)}
              isDisabled={named.length === 1 && named[0] === name}
              onChange={(_, on) => choose(affinity, on ? [...named, name] : named.filter((other) => other !== name))}
            />
          ))}
        </FormGroup>
      )}
    </>
  );
}
