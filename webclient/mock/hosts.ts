import type { components } from '@oriel/contract';
import { Refused, type Surroundings } from './answers';

type Schemas = components['schemas'];

/** Three hosts: one in use, one that is full, and one whose broker is silent. */
export class Hosts {
  readonly all: Schemas['Host'][] = [
    { name: 'local', state: 'ACTIVE', broker: 'broker', seen: '2026-11-22T08:31:00Z', machines: 6, running: 5, sessions: 3, stop: false, promisedMib: 3_072, promisableMib: 43_000, full: false },
    { name: 'local-second', state: 'ACTIVE', broker: 'second', seen: '2026-11-22T08:31:00Z', machines: 40, running: 38, sessions: 31, stop: false, promisedMib: 20_480, promisableMib: 20_000, full: true },
    { name: 'local-third', state: 'UNREACHABLE', broker: 'third', seen: '2026-11-22T07:02:00Z', machines: 2, running: 0, sessions: 1, stop: false, promisedMib: 1_024, promisableMib: 43_000, full: false },
  ];

  constructor(private readonly around: Surroundings) {}

  #host(name: string): Schemas['Host'] {
    const found = this.all.find((host) => host.name === name);
    if (!found) throw new Refused(404, 'NOT_FOUND');
    return found;
  }

  drain(name: string, by: string, order: Schemas['HostDrain']): Schemas['Host'] {
    const host = this.#host(name);
    Object.assign(host, { state: host.sessions > 0 ? 'DRAINING' : 'DRAINED', since: new Date().toISOString(), orderedBy: by, stop: order.stop ?? false });
    this.around.record(by, 'host.drain', name);
    this.around.changed('host', name);
    return host;
  }

  resume(name: string, by: string): Schemas['Host'] {
    const { since: _, orderedBy: __, ...rest } = this.#host(name);
    const host: Schemas['Host'] = { ...rest, state: 'ACTIVE', stop: false };
    this.all.splice(this.all.findIndex((candidate) => candidate.name === name), 1, host);
    this.around.record(by, 'host.resume', name);
    this.around.changed('host', name);
    return host;
  }
}
