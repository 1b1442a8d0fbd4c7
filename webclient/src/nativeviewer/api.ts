import type { components } from '@oriel/contract';
import { body, http, SAME_SITE } from '../api/client';

/** Address, certificate and one-time password for a VNC viewer. */
export type NativeViewerAccess = components['schemas']['NativeViewerAccess'];

export const openInNativeViewer = (sessionId: string, right: 'control' | 'view'): Promise<NativeViewerAccess> =>
  body(
    http.POST('/api/v1/sessions/{sessionId}/native-viewer', {
      params: { header: SAME_SITE, path: { sessionId } },
      body: { right },
    }),
  );
