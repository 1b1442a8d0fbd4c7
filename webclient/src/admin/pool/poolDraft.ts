import type { components } from '@oriel/contract';
import type { Image } from '../../api/types';
import { policyOf, type Policy } from './policy';

export type PoolDraft = Required<
  Pick<
    components['schemas']['PoolCreate'],
    'id' | 'displayName' | 'description' | 'image' | 'imageVersion' | 'size' | 'warm' | 'memoryMib' | 'vcpus' | 'width' | 'height' | 'enabled'
  >
> & { policy: Policy };

/** Sizes that fit a kind of work; the broker takes any other within its bounds. */
export const SIZES = {
  small: { vcpus: 1, memoryMib: 512 },
  medium: { vcpus: 2, memoryMib: 1024 },
  large: { vcpus: 4, memoryMib: 4096 },
} as const;

export type Size = keyof typeof SIZES;

export function sizeOf(draft: Pick<PoolDraft, 'vcpus' | 'memoryMib'>): Size | undefined {
  return (Object.keys(SIZES) as Size[]).find(
    (size) => SIZES[size].vcpus === draft.vcpus && SIZES[size].memoryMib === draft.memoryMib,
  );
}

export const SCREENS = ['1280x720', '1280x800', '1440x900', '1600x900', '1920x1080'] as const;

/** The contract's bounds (PoolCreate). */
export const BOUNDS = {
  size: { least: 0, most: 1000 },
  warm: { least: 0, most: 1000 },
  memoryMib: { least: 64, most: 1_048_576 },
  vcpus: { least: 1, most: 64 },
} as const;

export const ID = /^[a-z][a-z0-9-]{0,39}$/;

/** An id that follows from a display name, for people who don't want to think of one. */
export function idFor(displayName: string): string {
  return displayName
    .toLowerCase()
    .replaceAll('ä', 'ae')
    .replaceAll('ö', 'oe')
    .replaceAll('ü', 'ue')
    .replaceAll('ß', 'ss')
    .normalize('NFKD')
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^[^a-z]+|-+$/g, '')
    .slice(0, 40);
}

export function readyVersions(image: Pick<Image, 'versions'> | undefined): number[] {
  return image?.versions.filter((version) => version.state === 'READY').map((version) => version.version) ?? [];
}

export function newDraft(images: readonly Image[]): PoolDraft {
  const image = images.find((candidate) => readyVersions(candidate).length > 0);
  return {
    id: '',
    displayName: '',
    description: '',
    image: image?.name ?? '',
    imageVersion: readyVersions(image)[0] ?? 0,
    size: 5,
    warm: 1,
    ...SIZES.small,
    width: 1280,
    height: 720,
    enabled: true,
    policy: policyOf({}),
  };
}
