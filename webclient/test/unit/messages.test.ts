import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { de } from '../../src/i18n/de';
import { en } from '../../src/i18n/en';
import { fill, translator, type MessageKey, type Messages } from '../../src/i18n/translate';

const CONTRACT = join(import.meta.dirname, '../../../broker/src/main/resources/oriel/broker/openapi.yaml');
const LANGUAGES: Record<string, Messages> = { en, de };

function placeholders(message: string): string[] {
  return [...message.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '').sort();
}

describe.each(Object.entries(LANGUAGES))('%s', (_, messages) => {
  it('has every message and no other', () => {
    expect(Object.keys(messages).sort()).toEqual(Object.keys(en).sort());
    for (const message of Object.values(messages)) expect(message.trim()).not.toBe('');
  });

  it('fills in the same values as English', () => {
    for (const key of Object.keys(en) as MessageKey[]) {
      expect([key, placeholders(messages[key])]).toEqual([key, placeholders(en[key])]);
    }
  });

  it('explains every reason of the contract', () => {
    const schemas = (parse(readFileSync(CONTRACT, 'utf8')) as { components: { schemas: { Reason: { enum: string[] } } } })
      .components.schemas;
    for (const reason of schemas.Reason.enum) {
      expect(messages).toHaveProperty([`failure.${reason}.title`]);
      expect(messages).toHaveProperty([`failure.${reason}.help`]);
    }
  });
});

describe('messages', () => {
  it('are all used: a key in no source file is dead', () => {
    const sources = readdirSync(join(import.meta.dirname, '../../src'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name) && !entry.parentPath.includes('i18n'))
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
      .join('\n');
    // A key may be put together from its stem: t(`desktop.state.${state}`).
    const stems = [...sources.matchAll(/[`']([a-zA-Z.]+\.)\$\{/g)].map((match) => match[1] ?? '');
    const dead = Object.keys(en).filter(
      (key) =>
        !sources.includes(`'${key}'`) &&
        !sources.includes(`'${key.replace(/\.(one|other)$/, '')}'`) &&
        !stems.some((stem) => key.startsWith(stem)),
    );
    expect(dead).toEqual([]);
  });

  it('take values as text and leave unknown ones visible', () => {
    expect(fill('Hello {name}, {other}', { name: '<b>Eve</b>' })).toBe('Hello <b>Eve</b>, {other}');
  });

  it('follow the language’s plural and units', () => {
    const german = translator('de', de);
    expect(german.n('viewer.nextAttempt', 1)).toBe('Nächster Versuch in 1 Sekunde');
    expect(german.n('viewer.nextAttempt', 2)).toBe('Nächster Versuch in 2 Sekunden');
    expect(german.duration(150)).toBe('3 Minuten');
    expect(translator('en', en).duration(0.2)).toBe('1 second');
  });
});
