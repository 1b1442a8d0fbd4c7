import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Gestures } from '../../../src/viewer/input/gestures';
import { Keyboard } from '../../../src/viewer/input/keyboard';
import { keysymOfEvent } from '../../../src/viewer/input/keysyms';
import { buttonsOf, Wheel } from '../../../src/viewer/input/pointer';
import { scanCodeOf } from '../../../src/viewer/input/scanCodes';

describe('scan codes', () => {
  it.each([
    ['Escape', 0x01],
    ['Digit1', 0x02],
    ['Digit0', 0x0b],
    ['Backspace', 0x0e],
    ['KeyQ', 0x10],
    ['Enter', 0x1c],
    ['ControlLeft', 0x1d],
    ['KeyA', 0x1e],
    ['Backslash', 0x2b],
    ['KeyZ', 0x2c],
    ['Space', 0x39],
    ['F10', 0x44],
    ['Numpad7', 0x47],
    ['NumpadDecimal', 0x53],
    ['IntlBackslash', 0x56],
    ['F12', 0x58],
    ['ControlRight', 0x9d],
    ['AltRight', 0xb8],
    ['ArrowUp', 0xc8],
    ['Delete', 0xd3],
    ['MetaLeft', 0xdb],
    ['ContextMenu', 0xdd],
    ['NumpadEnter', 0x9c],
    ['NumpadDivide', 0xb5],
    ['AudioVolumeUp', 0xb0],
    ['PrintScreen', 0xb7],
    ['Insert', 0xd2],
    ['PageDown', 0xd1],
  ])('%s', (code, scanCode) => {
    expect(scanCodeOf(code)).toBe(scanCode);
  });

  it('are none for what a PC’s keyboard lacks', () => {
    expect(scanCodeOf('Fn')).toBeUndefined();
    expect(scanCodeOf('')).toBeUndefined();
  });
});

describe('keysyms', () => {
  it.each([
    ['a', 0, 0x61],
    ['ß', 0, 0xdf],
    ['€', 0, 0x010020ac],
    ['😀', 0, 0x0101f600],
    ['Enter', 0, 0xff0d],
    ['Enter', 3, 0xff8d],
    ['7', 3, 0xffb7],
    ['Shift', 1, 0xffe1],
    ['Shift', 2, 0xffe2],
    ['F12', 0, 0xffc9],
    ['AltGraph', 2, 0xfe03],
    ['Dead', 0, 0],
    ['Unidentified', 0, 0],
  ])('%s at %i', (key, location, keysym) => {
    expect(keysymOfEvent({ key, location })).toBe(keysym);
  });
});

describe('a keyboard', () => {
  let sent: string[];
  const on = (platform: 'mac' | 'windows' | 'other'): Keyboard =>
    new Keyboard({ key: (keysym, scanCode, down) => sent.push(`${down ? '+' : '-'}${keysym.toString(16)}/${scanCode?.toString(16) ?? ''}`) }, platform);
  const event = (key: string, code: string, more: object = {}) => ({
    key,
    code,
    location: 0,
    timeStamp: 0,
    metaKey: false,
    getModifierState: () => false,
    preventDefault: () => undefined,
    stopPropagation: () => undefined,
    ...more,
  });

  beforeEach(() => {
    sent = [];
    vi.useFakeTimers();
    return () => vi.useRealTimers();
  });

  it('releases a key with the symbol it was pressed for', () => {
    const keyboard = on('other');
    keyboard.press(event('A', 'KeyA'));
    keyboard.release(event('a', 'KeyA'));
    keyboard.release(event('a', 'KeyA'));
    expect(sent).toEqual(['+41/1e', '-41/1e']);
  });

  it('releases all that is down', () => {
    const keyboard = on('other');
    keyboard.press(event('a', 'KeyA'));
    keyboard.hold(0xffe3, 'ControlLeft', true);
    keyboard.releaseAll();
    keyboard.releaseAll();
    expect(sent.slice(2)).toEqual(['-61/1e', '-ffe3/1d']);
  });

  it('knows AltGr from Ctrl and Alt on Windows', () => {
    const keyboard = on('windows');
    keyboard.press(event('Control', 'ControlLeft', { location: 1, timeStamp: 1000 }));
    keyboard.press(event('Alt', 'AltRight', { location: 2, timeStamp: 1001 }));
    expect(sent).toEqual(['+fe03/b8']);
    keyboard.releaseAll();
    sent = [];
    keyboard.press(event('Control', 'ControlLeft', { location: 1, timeStamp: 2000 }));
    vi.advanceTimersByTime(200);
    expect(sent).toEqual(['+ffe3/1d']);
  });

  it('lets nothing stay down that a Mac doesn’t release', () => {
    const keyboard = on('mac');
    keyboard.press(event('Meta', 'MetaLeft', { location: 1 }));
    keyboard.press(event('c', 'KeyC', { metaKey: true }));
    expect(sent).toEqual(['+ffe9/db', '+63/2e', '-63/2e']);
  });

  it('makes the locks agree before a key is typed, once', () => {
    const keyboard = on('other');
    keyboard.setLights(0);
    const caps = { getModifierState: (name: string) => name === 'CapsLock' };
    keyboard.press(event('A', 'KeyA', caps));
    keyboard.press(event('B', 'KeyB', caps));
    expect(sent).toEqual(['+ffe5/3a', '-ffe5/3a', '+41/1e', '+42/30']);
  });

  it('types what has no place', () => {
    on('other').press(event('é', ''));
    expect(sent).toEqual(['+e9/', '-e9/']);
  });
});

describe('a mouse', () => {
  it('has RFB’s buttons', () => {
    expect([1, 2, 4, 8, 16].map(buttonsOf)).toEqual([1, 4, 2, 128, 256]);
  });

  it('turns its wheel in steps', () => {
    const wheel = new Wheel();
    const turn = (deltaX: number, deltaY: number, deltaMode = 0) => wheel.turn({ deltaX, deltaY, deltaMode });
    expect(turn(0, 30)).toEqual([]);
    expect(turn(0, 30)).toEqual([16]);
    expect(turn(0, -3, 1)).toEqual([8]);
    expect(turn(120, 0)).toEqual([64]);
  });
});

describe('fingers', () => {
  let done: unknown[];
  let pans = false;
  let fingers: Gestures;

  beforeEach(() => {
    done = [];
    pans = false;
    fingers = new Gestures({
      move: (at, buttons) => done.push(['move', at.x, at.y, buttons]),
      click: (at, buttons) => done.push(['click', at.x, at.y, buttons]),
      pans: () => pans,
      pan: (dx, dy) => done.push(['pan', dx, dy]),
      zoom: (zooming) => done.push(['zoom', zooming]),
    });
    vi.useFakeTimers();
    return () => vi.useRealTimers();
  });

  it('tap, and tap again at the same spot', () => {
    fingers.down(1, { x: 10, y: 10 }, 0);
    fingers.up(1, 50);
    fingers.down(1, { x: 14, y: 8 }, 200);
    fingers.up(1, 250);
    expect(done).toEqual([
      ['click', 10, 10, 1],
      ['click', 10, 10, 1],
    ]);
  });

  it('drag', () => {
    fingers.down(1, { x: 10, y: 10 }, 0);
    fingers.move(1, { x: 15, y: 10 });
    expect(done).toEqual([]);
    fingers.move(1, { x: 40, y: 10 });
    fingers.up(1, 900);
    expect(done).toEqual([
      ['move', 10, 10, 1],
      ['move', 40, 10, 1],
      ['move', 40, 10, 0],
    ]);
  });

  it('rest for the right button', () => {
    fingers.down(1, { x: 10, y: 10 }, 0);
    vi.advanceTimersByTime(1000);
    fingers.up(1, 1000);
    expect(done).toEqual([
      ['move', 10, 10, 0],
      ['move', 10, 10, 4],
      ['move', 10, 10, 0],
    ]);
  });

  it('move a picture that is too large', () => {
    pans = true;
    fingers.down(1, { x: 10, y: 10 }, 0);
    fingers.move(1, { x: 40, y: 10 });
    fingers.up(1, 100);
    expect(done).toEqual([['pan', 30, 0]]);
  });

  it('zoom by two', () => {
    fingers.down(1, { x: 100, y: 100 }, 0);
    fingers.down(2, { x: 140, y: 100 }, 1);
    fingers.move(2, { x: 260, y: 100 });
    fingers.up(2, 300);
    fingers.up(1, 300);
    expect(done).toEqual([
      ['move', 120, 100, 0],
      ['zoom', true],
      ['click', 120, 100, 8],
      ['zoom', false],
    ]);
  });
});
