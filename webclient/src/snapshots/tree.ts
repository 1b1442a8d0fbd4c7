import type { Snapshot } from './api';

/** A snapshot and how deep it is in the tree that `parent` makes. */
export interface Placed {
  snapshot: Snapshot;
  depth: number;
}

/** Each snapshot below the one that the machine had gone on from, the oldest first. One whose parent is gone is a root. */
export function tree(snapshots: readonly Snapshot[]): Placed[] {
  const names = new Set(snapshots.map(({ name }) => name));
  const placed: Placed[] = [];
  const place = (parent: string | undefined, depth: number): void => {
    for (const snapshot of snapshots) {
      const above = snapshot.parent !== undefined && names.has(snapshot.parent) ? snapshot.parent : undefined;
      if (above !== parent) continue;
      placed.push({ snapshot, depth });
      place(snapshot.name, depth + 1);
    }
  };
  place(undefined, 0);
  return placed;
}
