import type { Key } from './display';

// X11 keysyms (keysymdef.h) with the key codes of the same keys (UI Events KeyboardEvent.code).
export const CONTROL: Key = { keysym: 0xffe3, code: 'ControlLeft' };
export const ALT: Key = { keysym: 0xffe9, code: 'AltLeft' };
export const SUPER: Key = { keysym: 0xffeb, code: 'MetaLeft' };
const TAB: Key = { keysym: 0xff09, code: 'Tab' };
const ESCAPE: Key = { keysym: 0xff1b, code: 'Escape' };
const BACKSPACE: Key = { keysym: 0xff08, code: 'Backspace' };
const PRINT: Key = { keysym: 0xff61, code: 'PrintScreen' };
const functionKey = (number: number): Key => ({ keysym: 0xffbd + number, code: `F${number}` });

/** Combinations that the browser or the local system keeps for itself. The label is the same in every language. */
export const COMBINATIONS: readonly { label: string; keys: readonly Key[] }[] = [
  { label: 'Alt + Tab', keys: [ALT, TAB] },
  { label: 'Alt + F4', keys: [ALT, functionKey(4)] },
  { label: 'Super', keys: [SUPER] },
  { label: 'Ctrl + Esc', keys: [CONTROL, ESCAPE] },
  { label: 'Ctrl + W', keys: [CONTROL, { keysym: 0x77, code: 'KeyW' }] },
  { label: 'Ctrl + T', keys: [CONTROL, { keysym: 0x74, code: 'KeyT' }] },
  { label: 'Print Screen', keys: [PRINT] },
  { label: 'Esc', keys: [ESCAPE] },
  { label: 'F11', keys: [functionKey(11)] },
  { label: 'Ctrl + Alt + Backspace', keys: [CONTROL, ALT, BACKSPACE] },
  { label: 'Ctrl + Alt + F1', keys: [CONTROL, ALT, functionKey(1)] },
  { label: 'Ctrl + Alt + F2', keys: [CONTROL, ALT, functionKey(2)] },
];

export const HELD: readonly { label: string; key: Key }[] = [
  { label: 'Ctrl', key: CONTROL },
  { label: 'Alt', key: ALT },
  { label: 'Super', key: SUPER },
];

const UNICODE_KEYSYM = 0x01000000;
const RETURN = 0xff0d;

/** The keysym that types a character: Latin-1 as it is, the rest of Unicode with bit 24 (X11 protocol, appendix A). */
export function keysymOf(character: string): number {
  const point = character.codePointAt(0) ?? 0;
  if (character === '\n') return RETURN;
  if (character === '\t') return TAB.keysym;
  const latin1 = (point >= 0x20 && point <= 0x7e) || (point >= 0xa0 && point <= 0xff);
  return latin1 ? point : UNICODE_KEYSYM | point;
}

/** Keysyms that turn the text `before` into `after`: soft keyboards report text, not keys. */
export function typed(before: string, after: string): number[] {
  const old = [...before];
  const now = [...after];
  let same = 0;
  while (same < old.length && same < now.length && old[same] === now[same]) same++;
  return [
    ...old.slice(same).map(() => BACKSPACE.keysym),
    ...now.slice(same).map(keysymOf),
  ];
}
