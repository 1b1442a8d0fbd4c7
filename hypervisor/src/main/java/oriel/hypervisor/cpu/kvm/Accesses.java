package oriel.hypervisor.cpu.kvm;

import oriel.hypervisor.bus.IoBus;

/** Memory-mapped accesses of any length up to eight, in parts of the lengths that devices know. Stateless. */
final class Accesses {
    private Accesses() {}

    static long read(IoBus bus, long address, int length) {
        long value = 0;
        for (int done = 0; done < length; ) {
            int part = Integer.highestOneBit(length - done);
            value |= (bus.readMmio(address + done, part) & mask(part)) << done * 8;
            done += part;
        }
        return value;
    }

    static void write(IoBus bus, long address, int length, long value) {
        for (int done = 0; done < length; ) {
            int part = Integer.highestOneBit(length - done);
            bus.writeMmio(address + done, part, value >>> done * 8 & mask(part));
            done += part;
        }
    }

    private static long mask(int length) {
        return length == 8 ? -1 : (1L << length * 8) - 1;
    }
}
