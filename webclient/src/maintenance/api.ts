import type { components } from '@oriel/contract';
import { body, http, SAME_SITE } from '../api/client';
import type { ConnectReady, Operation } from '../api/types';

/** A machine in which a golden image is edited. */
export type MaintenanceMachine = components['schemas']['MaintenanceMachine'];

const header = SAME_SITE;

export const editVersion = (imageName: string, version: number): Promise<Operation> =>
  body(http.POST('/api/v1/images/{imageName}/versions/{version}/edit', { params: { header, path: { imageName, version } }, body: {} }));

export const maintenance = (imageName: string): Promise<MaintenanceMachine> =>
  body(http.GET('/api/v1/images/{imageName}/maintenance', { params: { path: { imageName } } }));

export const startMaintenance = (imageName: string): Promise<Operation> =>
  body(http.POST('/api/v1/images/{imageName}/maintenance/start', { params: { header, path: { imageName } } }));

export const sealMaintenance = (imageName: string, changelog: string): Promise<Operation> =>
  body(http.POST('/api/v1/images/{imageName}/maintenance/seal', { params: { header, path: { imageName } }, body: { changelog } }));

export const discardMaintenance = (imageName: string): Promise<Operation> =>
  body(http.DELETE('/api/v1/images/{imageName}/maintenance', { params: { header, path: { imageName } } }));

export const maintenanceDisplay = (imageName: string): Promise<ConnectReady> =>
  body(http.POST('/api/v1/images/{imageName}/maintenance/display', { params: { header, path: { imageName } } }));
