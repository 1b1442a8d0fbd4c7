package oriel.hypervisor.cpu.emulated;

/**
 * A block's host code, not yet anywhere: what depends on its place and on where the block is in the arena is filled in
 * when it is placed.
 *
 * @param code the bytes, made for place 0 and arena index 0
 * @param taken offset of the jump to the next block if the branch is taken, -1 if there is none
 * @param notTaken the same if it is not taken
 * @param leave offset of code that returns to the block's beginning
 * @param fixes what to fill in, each four bytes: its offset, times two; 1 added for a distance to a stub, which shrinks by
 *     the place, else an exit, which grows by the arena index
 */
@SuppressWarnings("ArrayRecordComponent") // passed on once
record TranslatedBlock(byte[] code, int taken, int notTaken, int leave, int[] fixes) {}
