export const OUTCOME = { OK: 'success', REFUSED: 'warning', FAILED: 'danger' } as const;
