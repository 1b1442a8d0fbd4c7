import { keysymOf } from '../keys';

// X11 keysyms (keysymdef.h) of keys that type no character, by their names in UI Events (KeyboardEvent.key).
const NAMED: Readonly<Record<string, number>> = {
  Backspace: 0xff08,
  Tab: 0xff09,
  Clear: 0xff0b,
  Enter: 0xff0d,
  Pause: 0xff13,
  ScrollLock: 0xff14,
  Escape: 0xff1b,
  KanjiMode: 0xff21,
  NonConvert: 0xff22,
  Convert: 0xff23,
  Romaji: 0xff24,
  Hiragana: 0xff25,
  Katakana: 0xff26,
  HiraganaKatakana: 0xff27,
  Zenkaku: 0xff28,
  Hankaku: 0xff29,
  ZenkakuHankaku: 0xff2a,
  KanaMode: 0xff2d,
  Eisu: 0xff30,
  HangulMode: 0xff31,
  HanjaMode: 0xff34,
  Home: 0xff50,
  ArrowLeft: 0xff51,
  ArrowUp: 0xff52,
  ArrowRight: 0xff53,
  ArrowDown: 0xff54,
  PageUp: 0xff55,
  PageDown: 0xff56,
  End: 0xff57,
  Select: 0xff60,
  PrintScreen: 0xff61,
  Execute: 0xff62,
  Insert: 0xff63,
  Undo: 0xff65,
  Redo: 0xff66,
  ContextMenu: 0xff67,
  Find: 0xff68,
  Cancel: 0xff69,
  Help: 0xff6a,
  NumLock: 0xff7f,
  CapsLock: 0xffe5,
  Delete: 0xffff,
  AltGraph: 0xfe03,
  AudioVolumeDown: 0x1008ff11,
  AudioVolumeMute: 0x1008ff12,
  AudioVolumeUp: 0x1008ff13,
  MediaPlayPause: 0x1008ff14,
  MediaStop: 0x1008ff15,
  MediaTrackPrevious: 0x1008ff16,
  MediaTrackNext: 0x1008ff17,
  BrowserHome: 0x1008ff18,
  BrowserSearch: 0x1008ff1b,
  BrowserBack: 0x1008ff26,
  BrowserForward: 0x1008ff27,
  BrowserRefresh: 0x1008ff29,
  BrowserFavorites: 0x1008ff30,
};

/** Modifiers, left and right. */
const SIDED: Readonly<Record<string, readonly [number, number]>> = {
  Shift: [0xffe1, 0xffe2],
  Control: [0xffe3, 0xffe4],
  Alt: [0xffe9, 0xffea],
  Meta: [0xffeb, 0xffec],
  OS: [0xffeb, 0xffec],
};

/** The same keys on the number pad. */
const ON_PAD: Readonly<Record<string, number>> = {
  Enter: 0xff8d,
  Home: 0xff95,
  ArrowLeft: 0xff96,
  ArrowUp: 0xff97,
  ArrowRight: 0xff98,
  ArrowDown: 0xff99,
  PageUp: 0xff9a,
  PageDown: 0xff9b,
  End: 0xff9c,
  Clear: 0xff9d,
  Insert: 0xff9e,
  Delete: 0xff9f,
  '*': 0xffaa,
  '+': 0xffab,
  ',': 0xffac,
  '-': 0xffad,
  '.': 0xffae,
  '/': 0xffaf,
  '=': 0xffbd,
};

const KEYPAD_0 = 0xffb0;
const F1 = 0xffbe;
const ON_THE_PAD = 3;
const ON_THE_RIGHT = 2;

/** The symbol that a key types or means; 0 if nobody can say. */
export function keysymOfEvent({ key, location }: Pick<KeyboardEvent, 'key' | 'location'>): number {
  if (location === ON_THE_PAD) {
    if (/^[0-9]$/.test(key)) return KEYPAD_0 + Number(key);
    const onPad = ON_PAD[key];
    if (onPad !== undefined) return onPad;
  }
  const sided = SIDED[key];
  if (sided) return sided[location === ON_THE_RIGHT ? 1 : 0];
  const functionKey = /^F([1-9]|[12][0-9]|3[0-5])$/.exec(key)?.[1];
  if (functionKey !== undefined) return F1 + Number(functionKey) - 1;
  const named = NAMED[key];
  if (named !== undefined) return named;
  return [...key].length === 1 ? keysymOf(key) : 0;
}
