import { describe, expect, it } from 'vitest';
import { LinkMeter, rating } from '../../src/viewer/link';

const KEY = 4;
const UPDATE_REQUEST = 3;

describe('the link’s meter', () => {
  let now = 0;
  const act = (meter: LinkMeter, ms: number): void => {
    meter.sent(KEY);
    now += ms;
    meter.received(1000);
  };

  it('takes the median time from an act to the next picture', () => {
    const meter = new LinkMeter(() => now);
    act(meter, 40);
    act(meter, 50);
    expect(meter.state().responseMs).toBeUndefined();
    act(meter, 900);
    expect(meter.state().responseMs).toBe(50);
  });

  it('counts from the first of several acts, and asks nothing of requests', () => {
    const meter = new LinkMeter(() => now);
    for (let i = 0; i < 3; i++) {
      meter.sent(UPDATE_REQUEST);
      now += 500;
      meter.sent(KEY);
      now += 30;
      meter.sent(KEY);
      now += 30;
      meter.received(10);
    }
    expect(meter.state().responseMs).toBe(60);
  });

  it('does not take a late picture for the answer to an act that drew nothing', () => {
    const meter = new LinkMeter(() => now);
    for (let i = 0; i < 4; i++) act(meter, 30);
    act(meter, 60_000);
    expect(meter.state().responseMs).toBe(30);
  });

  it('tells the traffic of the last seconds only', () => {
    const meter = new LinkMeter(() => now);
    for (let i = 0; i < 6; i++) {
      now += 100;
      meter.received(50_000);
    }
    expect(meter.state()).toMatchObject({ kilobytesPerSecond: 100, picturesPerSecond: 2 });
    now += 5_000;
    expect(meter.state()).toMatchObject({ kilobytesPerSecond: 0, picturesPerSecond: 0 });
  });

  it('is rated as people feel it', () => {
    expect([undefined, 20, 200, 900].map((responseMs) => rating({ responseMs }))).toEqual([undefined, 'good', 'fair', 'poor']);
  });
});
