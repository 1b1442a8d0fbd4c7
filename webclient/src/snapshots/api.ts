import type { components } from '@oriel/contract';
import { body, http, SAME_SITE } from '../api/client';

type Schemas = components['schemas'];

export type Snapshot = Schemas['Snapshot'];

const header = SAME_SITE;

export const snapshots = async (machineName: string): Promise<Snapshot[]> =>
  (await body(http.GET('/api/v1/machines/{machineName}/snapshots', { params: { path: { machineName } } }))).items;

export const takeSnapshot = (machineName: string, label: string): Promise<unknown> =>
  body(
    http.POST('/api/v1/machines/{machineName}/snapshots', {
      params: { header, path: { machineName } },
      body: { ...(label && { label }) },
    }),
  );

export const restoreSnapshot = ({ machine, id }: Snapshot): Promise<unknown> =>
  body(
    http.POST('/api/v1/machines/{machineName}/snapshots/{snapshotId}/restore', {
      params: { header, path: { machineName: machine, snapshotId: id } },
    }),
  );

export const deleteSnapshot = ({ machine, id }: Snapshot): Promise<unknown> =>
  body(
    http.DELETE('/api/v1/machines/{machineName}/snapshots/{snapshotId}', {
      params: { header, path: { machineName: machine, snapshotId: id } },
    }),
  );
