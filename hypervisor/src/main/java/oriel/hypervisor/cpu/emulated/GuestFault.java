package oriel.hypervisor.cpu.emulated;

/**
 * An exception of the guest (Intel SDM 3A §6.15), thrown out of the instruction that caused it. Preallocated once per
 * processor and stackless: throwing it costs tens of nanoseconds. The thrower has changed no architectural state of the
 * faulting instruction.
 */
@SuppressWarnings("serial") // never serialised
public final class GuestFault extends RuntimeException {
    /** Vectors. */
    public static final int DE = 0, DB = 1, NMI = 2, BP = 3, OF = 4, BR = 5, UD = 6, NM = 7, DF = 8;

    /** Vectors. */
    public static final int TS = 10, NP = 11, SS = 12, GP = 13, PF = 14, MF = 16, AC = 17, MC = 18, XM = 19;

    /** Vector, 0–31. */
    public int vector;

    /** Error code where the vector has one, else 0. */
    public int errorCode;

    /** Faulting linear address, for a page fault only: goes to CR2 at delivery. */
    public long address;

    /** One per processor. */
    public GuestFault() {
        super(null, null, false, false);
    }

    /** Prepares this instance and returns it, to be thrown. */
    public GuestFault of(int newVector, int newErrorCode) {
        vector = newVector;
        errorCode = newErrorCode;
        return this;
    }

    /** Prepares a page fault. */
    public GuestFault pageFault(long linear, int newErrorCode) {
        vector = PF;
        errorCode = newErrorCode;
        address = linear;
        return this;
    }

    /** Whether a vector pushes an error code. */
    public static boolean hasErrorCode(int vector) {
        return vector == DF || (vector >= TS && vector <= PF) || vector == AC;
    }
}
