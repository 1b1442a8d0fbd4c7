package oriel.hypervisor.cpu.emulated;

/** Translated SSE. */
abstract class NativeVectors extends NativeArithmetic {
    final void beginVectors() {}

    /** Translates an operation; false if it isn't one of these. */
    final boolean vector(long w) {
        return false;
    }
}
