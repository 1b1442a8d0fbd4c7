import { FormGroup, FormHelperText, HelperText, HelperTextItem, NumberInput } from '@patternfly/react-core';
import { useLanguage } from '../i18n/language';

interface Props {
  id: string;
  label: string;
  help?: string;
  value: number;
  change: (value: number) => void;
  least: number;
  most: number;
  step?: number;
  unit?: string;
}

export function NumberField({ id, label, help, value, change, least, most, step = 1, unit }: Props) {
  const { t } = useLanguage();
  const set = (next: number): void =>
    change(Number.isFinite(next) ? Math.min(most, Math.max(least, Math.round(next))) : least);
  return (
    <FormGroup label={label} fieldId={id}>
      <NumberInput
        inputProps={{ id, ...(help && { 'aria-describedby': `${id}-help` }) }}
        inputAriaLabel={label}
        minusBtnAriaLabel={t('number.less', { name: label })}
        plusBtnAriaLabel={t('number.more', { name: label })}
        min={least}
        max={most}
        widthChars={Math.max(4, String(most).length)}
        value={value}
        {...(unit && { unit })}
        onMinus={() => set(value - step)}
        onPlus={() => set(value + step)}
        // Bounded when it is left: while one types "16", "1" is on the way.
        onChange={(event) => change(Number(event.currentTarget.value) || 0)}
        onBlur={() => set(value)}
      />
      {help && (
        <FormHelperText>
          <HelperText id={`${id}-help`}>
            <HelperTextItem>{help}</HelperTextItem>
          </HelperText>
        </FormHelperText>
      )}
    </FormGroup>
  );
}
