import type { components } from '@oriel/contract';
import { json, page, Refused, uuid, type Surroundings } from './answers';

type Schemas = components['schemas'];
type Image = Schemas['Image'];

/** Golden images: built, imported, registered, edited in a machine, published. */
export class GoldenImages {
  readonly images: Image[] = [
    {
      name: 'debian-desktop', displayName: 'Debian 12 desktop', created: '2026-11-01T08:00:00Z',
      versions: [
        { version: 3, state: 'BUILDING', created: '2026-11-22T07:00:00Z', changelog: 'Security updates of November' },
        { version: 2, state: 'READY', created: '2026-11-10T09:00:00Z', changelog: 'Light browser added' },
        { version: 4, state: 'READY', created: '2026-11-20T09:00:00Z', changelog: 'Office programs' },
        { version: 1, state: 'DEPRECATED', created: '2026-11-01T08:00:00Z', changelog: 'First version' },
      ],
    },
  ];
  readonly #operations: Schemas['Operation'][];
  readonly #around: Surroundings;

  constructor(operations: Schemas['Operation'][], around: Surroundings) {
    this.#operations = operations;
    this.#around = around;
  }

  /** Whatever is below /images. */
  handle(user: Schemas['User'], method: string, [name, part, number, act]: string[], url: URL, given: unknown): Response {
    if (name === undefined) {
      return method === 'GET' ? json(page(this.images, url)) : json(this.#register(given as Schemas['ImageRegister']), 201);
    }
    if (part === 'build' || part === 'import') {
      return json(this.#make(name, part, given as Partial<Schemas['ImageImport']> & Schemas['ImageBuild']), 202);
    }
    const image = this.images.find((entry) => entry.name === name);
    if (!image) throw new Refused(404, 'NOT_FOUND');
    if (part === undefined) return json(image);
    if (part === 'maintenance') return this.#maintenance(user, image, method, number, given as Partial<Schemas['MaintenanceSeal']>);
    const version = image.versions.find((entry) => entry.version === Number(number));
    if (!version) throw new Refused(404, 'NOT_FOUND');
    switch (act) {
      case 'edit':
        return json(this.#edit(user, image, version.version), 202);
      case 'publish':
        version.state = 'READY';
        break;
      case 'deprecate':
        version.state = 'DEPRECATED';
        break;
      case 'log':
        return new Response('Unpacking…\n', { headers: { 'Content-Type': 'text/plain' } });
      default:
        throw new Refused(404, 'NOT_FOUND');
    }
    this.#around.changed('image', name);
    return json(image);
  }

  #register(given: Schemas['ImageRegister']): Image {
    if (given.directory.includes('..')) throw new Refused(400, 'BAD_REQUEST', { field: 'directory', detail: 'There is no such folder below the images.' });
    const image = this.#ensure(given.name, given.displayName);
    this.#newVersion(image, 'READY', given.changelog);
    return image;
  }

  #ensure(name: string, displayName = name): Image {
    const known = this.images.find((entry) => entry.name === name);
    if (known) return known;
    const made: Image = { name, displayName, versions: [], created: new Date().toISOString() };
    this.images.push(made);
    return made;
  }

  #newVersion(image: Image, state: Schemas['ImageVersion']['state'], changelog?: string): number {
    const version = Math.max(0, ...image.versions.map((entry) => entry.version)) + 1;
    image.versions.unshift({ version, state, created: new Date().toISOString(), ...(changelog && { changelog }) });
    this.#around.changed('image', image.name);
    return version;
  }

  #make(name: string, how: 'build' | 'import', wanted: Partial<Schemas['ImageImport']> & Schemas['ImageBuild']): Schemas['Operation'] {
    if (wanted.disk?.startsWith('missing')) throw new Refused(400, 'BAD_REQUEST', { field: 'disk', detail: `There is no ${wanted.disk} in the folder import.` });
    const version = this.#newVersion(this.#ensure(name), 'BUILDING', wanted.changelog);
    return this.#operation(how === 'build' ? 'BUILD' : 'IMPORT', name, version, '');
  }

  #operation(kind: Schemas['OperationKind'], image: string, imageVersion: number, machine: string): Schemas['Operation'] {
    const operation: Schemas['Operation'] = {
      id: uuid(), kind, state: 'RUNNING', machine, poolId: '', image, imageVersion, attempt: 1, progress: 10, created: new Date().toISOString(),
    };
    this.#operations.unshift(operation);
    this.#around.changed('operation', operation.id);
    return operation;
  }

  // ---- editing ----

  #edit(user: Schemas['User'], image: Image, baseVersion: number): Schemas['Operation'] {
    if (image.maintenance) {
      const { openedBy, baseVersion: other } = image.maintenance;
      throw new Refused(409, 'CONFLICT', { detail: `${openedBy} edits version ${other} of this image.` });
    }
    const machine: Schemas['MaintenanceMachine'] = {
      image: image.name, baseVersion, machine: `edit-${image.name}-x1`, state: 'STARTING', memoryMib: 1024, vcpus: 1, openedBy: user.username,
      created: new Date().toISOString(), changed: new Date().toISOString(),
    };
    image.maintenance = machine;
    this.#around.record(user.username, 'image.edit', `${image.name}:${baseVersion}`);
    this.#starts(image, machine);
    return this.#operation('EDIT', image.name, baseVersion, machine.machine);
  }

  #become(image: Image, machine: Schemas['MaintenanceMachine'], change: Partial<Schemas['MaintenanceMachine']>): void {
    Object.assign(machine, change);
    this.#around.changed('image', image.name);
  }

  #starts(image: Image, machine: Schemas['MaintenanceMachine']): void {
    this.#become(image, machine, { state: 'STARTING' });
    this.#around.later(2, () => {
      if (machine.state === 'STARTING') this.#become(image, machine, { state: 'RUNNING' });
    });
  }

  /** The guest is shut down from within. */
  shutDown(name: string): void {
    const image = this.images.find((entry) => entry.name === name);
    if (!image?.maintenance) return;
    this.#become(image, image.maintenance, { state: 'OFF' });
    this.#around.cut(`edit:${name}`, 4001);
  }

  #maintenance(user: Schemas['User'], image: Image, method: string, act: string | undefined, given: Partial<Schemas['MaintenanceSeal']>): Response {
    const machine = image.maintenance;
    if (!machine) throw new Refused(404, 'NOT_FOUND');
    if (method === 'GET') return json(machine);
    if (method === 'DELETE') {
      this.#become(image, machine, { state: 'DISCARDING' });
      this.#around.cut(`edit:${image.name}`, 4000);
      this.#around.record(user.username, 'image.edit.discard', image.name);
      this.#around.later(1, () => this.#gone(image));
      return json(this.#operation('DISCARD', image.name, machine.baseVersion, machine.machine), 202);
    }
    switch (act) {
      case 'start':
        this.#starts(image, machine);
        return json(this.#operation('EDIT', image.name, machine.baseVersion, machine.machine), 202);
      case 'display': {
        if (machine.state !== 'RUNNING') throw new Refused(409, 'NOT_READY');
        const ticket = this.#around.ticket(`edit:${image.name}`);
        return json({
          state: 'READY', poolId: '', sessionId: uuid(), machine: machine.machine, ticket, ticketExpires: new Date(Date.now() + 60_000).toISOString(),
          displayPath: '/display', subprotocols: ['binary', `oriel.ticket.${ticket}`], rights: ['control'],
        } satisfies Schemas['ConnectReady']);
      }
      case 'seal':
        return json(this.#seal(user, image, machine, given.changelog ?? ''), 202);
      default:
        throw new Refused(404, 'NOT_FOUND');
    }
  }

  #seal(user: Schemas['User'], image: Image, machine: Schemas['MaintenanceMachine'], changelog: string): Schemas['Operation'] {
    const sealTo = this.#newVersion(image, 'BUILDING', changelog);
    this.#become(image, machine, { state: 'SEALING', sealTo });
    this.#around.record(user.username, 'image.seal', `${image.name}:${sealTo}`);
    this.#around.cut(`edit:${image.name}`, 4001);
    const operation = this.#operation('SEAL', image.name, sealTo, machine.machine);
    Object.assign(operation, { step: 'copying the disk', progress: 50 });
    this.#around.later(6, () => {
      Object.assign(operation, { state: 'DONE', progress: 100, finished: new Date().toISOString() });
      Object.assign(image.versions.find((entry) => entry.version === sealTo)!, { state: 'DRAFT' });
      this.#gone(image);
    });
    return operation;
  }

  #gone(image: Image): void {
    delete image.maintenance;
    this.#around.changed('image', image.name);
  }
}
