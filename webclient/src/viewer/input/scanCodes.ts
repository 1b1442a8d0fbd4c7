// The codes of a PC's keyboard (set 1) by the place of a key (UI Events, KeyboardEvent.code). Keys that send 0xE0 first
// have 0x80 added, as QEMU's extended key events have it.
const PLAIN: Readonly<Record<number, string>> = {
  0x01: 'Escape',
  0x02: 'Digit1 Digit2 Digit3 Digit4 Digit5 Digit6 Digit7 Digit8 Digit9 Digit0 Minus Equal Backspace',
  0x0f: 'Tab KeyQ KeyW KeyE KeyR KeyT KeyY KeyU KeyI KeyO KeyP BracketLeft BracketRight Enter ControlLeft',
  0x1e: 'KeyA KeyS KeyD KeyF KeyG KeyH KeyJ KeyK KeyL Semicolon Quote Backquote ShiftLeft Backslash',
  0x2c: 'KeyZ KeyX KeyC KeyV KeyB KeyN KeyM Comma Period Slash ShiftRight NumpadMultiply AltLeft Space CapsLock',
  0x3b: 'F1 F2 F3 F4 F5 F6 F7 F8 F9 F10 NumLock ScrollLock Numpad7 Numpad8 Numpad9 NumpadSubtract Numpad4 Numpad5',
  0x4d: 'Numpad6 NumpadAdd Numpad1 Numpad2 Numpad3 Numpad0 NumpadDecimal',
  0x56: 'IntlBackslash F11 F12 NumpadEqual',
  0x64: 'F13 F14 F15 F16 F17 F18 F19 F20 F21 F22 F23',
  0x70: 'KanaMode',
  0x73: 'IntlRo',
  0x76: 'F24 Lang4 Lang3 Convert',
  0x7b: 'NonConvert',
  0x7d: 'IntlYen NumpadComma',
};

const PREFIXED: Readonly<Record<number, string>> = {
  0x10: 'MediaTrackPrevious',
  0x19: 'MediaTrackNext',
  0x1c: 'NumpadEnter ControlRight',
  0x20: 'AudioVolumeMute LaunchApp2 MediaPlayPause',
  0x24: 'MediaStop',
  0x2e: 'AudioVolumeDown',
  0x30: 'AudioVolumeUp',
  0x32: 'BrowserHome',
  0x35: 'NumpadDivide',
  0x37: 'PrintScreen AltRight',
  0x46: 'Pause Home ArrowUp PageUp',
  0x4b: 'ArrowLeft',
  0x4d: 'ArrowRight',
  0x4f: 'End ArrowDown PageDown Insert Delete',
  0x5b: 'MetaLeft MetaRight ContextMenu Power Sleep',
  0x63: 'WakeUp',
  0x65: 'BrowserSearch BrowserFavorites BrowserRefresh BrowserStop BrowserForward BrowserBack LaunchApp1 LaunchMail',
  0x6d: 'MediaSelect',
};

/** Codes that browsers have named otherwise. */
const ALSO: Readonly<Record<string, string>> = {
  OSLeft: 'MetaLeft',
  OSRight: 'MetaRight',
  VolumeMute: 'AudioVolumeMute',
  VolumeDown: 'AudioVolumeDown',
  VolumeUp: 'AudioVolumeUp',
};

function table(): Map<string, number> {
  const codes = new Map<string, number>();
  for (const [keys, prefix] of [
    [PLAIN, 0],
    [PREFIXED, 0x80],
  ] as const) {
    for (const [first, names] of Object.entries(keys)) {
      for (const [i, name] of names.split(' ').entries()) codes.set(name, (Number(first) + i) | prefix);
    }
  }
  return codes;
}

const SCAN_CODES = table();

/** What a PC's keyboard sends for the key at this place; undefined for keys that it doesn't have. */
export function scanCodeOf(code: string): number | undefined {
  return SCAN_CODES.get(ALSO[code] ?? code);
}
