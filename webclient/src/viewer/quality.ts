export type Quality = 'balanced' | 'sharp' | 'economical';

/** Tight quality and compression levels (RFB registry, pseudo-encodings −32..−23 and −256..−247). */
export const QUALITY_LEVELS: Record<Quality, { quality: number; compression: number }> = {
  sharp: { quality: 9, compression: 1 },
  balanced: { quality: 6, compression: 2 },
  economical: { quality: 2, compression: 7 },
};
