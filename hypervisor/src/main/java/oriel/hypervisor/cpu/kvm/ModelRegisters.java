package oriel.hypervisor.cpu.kvm;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import oriel.hypervisor.cpu.CpuState;

/** Model-specific registers between the kernel and a {@link CpuState}. */
final class ModelRegisters {
    private static final int TSC = 0x10;
    private static final int ENTRY = 16, FIRST = 8;

    private interface Get {
        long from(CpuState state);
    }

    private interface Set {
        void to(CpuState state, long value);
    }

    private record Named(int index, Get get, Set set) {}

    private static final List<Named> NAMED = List.of(
            new Named(0x174, s -> s.sysenterCs, (s, v) -> s.sysenterCs = v),
            new Named(0x175, s -> s.sysenterEsp, (s, v) -> s.sysenterEsp = v),
            new Named(0x176, s -> s.sysenterEip, (s, v) -> s.sysenterEip = v),
            new Named(0x277, s -> s.pat, (s, v) -> s.pat = v),
            new Named(0xC000_0081, s -> s.star, (s, v) -> s.star = v),
            new Named(0xC000_0082, s -> s.lstar, (s, v) -> s.lstar = v),
            new Named(0xC000_0083, s -> s.cstar, (s, v) -> s.cstar = v),
            new Named(0xC000_0084, s -> s.sfmask, (s, v) -> s.sfmask = v),
            new Named(0xC000_0102, s -> s.kernelGsBase, (s, v) -> s.kernelGsBase = v),
            new Named(0xC000_0103, s -> s.tscAux, (s, v) -> s.tscAux = v));

    /** Plain ones, with what they are where {@link CpuState#msrs} has none. */
    private record Plain(int index, long initial) {}

    private static final List<Plain> PLAIN = plain();

    private static List<Plain> plain() {
        List<Plain> all = new ArrayList<>();
        all.add(new Plain(0x3B, 0)); // TSC_ADJUST
        all.add(new Plain(0x48, 0)); // SPEC_CTRL
        all.add(new Plain(0x140, 0)); // MISC_FEATURES_ENABLES
        all.add(new Plain(0x1A0, 0x1801)); // MISC_ENABLE
        for (int i = 0; i < 16; i++) {
            all.add(new Plain(0x200 + i, 0)); // variable MTRRs: no model of ours has them, KVM does
        }
        all.add(new Plain(0x250, 0));
        all.add(new Plain(0x258, 0));
        all.add(new Plain(0x259, 0));
        for (int i = 0; i < 8; i++) {
            all.add(new Plain(0x268 + i, 0));
        }
        all.add(new Plain(0x2FF, 0)); // MTRR_DEF_TYPE: last, as it enables the others
        return List.copyOf(all);
    }

    private final KernelFile processor;
    private final MemorySegment one;

    ModelRegisters(KernelFile processor, Arena arena) {
        this.processor = processor;
        one = arena.allocate(FIRST + ENTRY, 8);
    }

    private OptionalLong read(int index) {
        one.set(JAVA_INT, 0, 1);
        one.set(JAVA_INT, FIRST, index);
        return processor.tryCall(Request.GET_MSRS, one.address()) == 1
                ? OptionalLong.of(one.get(JAVA_LONG, FIRST + 8))
                : OptionalLong.empty();
    }

    private boolean write(int index, long value) {
        one.set(JAVA_INT, 0, 1);
        one.set(JAVA_INT, FIRST, index);
        one.set(JAVA_LONG, FIRST + 8, value);
        return processor.tryCall(Request.SET_MSRS, one.address()) == 1;
    }

    /** The time stamp counter. */
    long timeStamp() {
        return read(TSC).orElseThrow(() -> new KvmException("this host's KVM keeps its guests' time stamps secret"));
    }

    void read(CpuState state) {
        for (Named register : NAMED) {
            read(register.index).ifPresent(value -> register.set.to(state, value));
        }
        for (Plain register : PLAIN) {
            OptionalLong value = read(register.index);
            if (value.isEmpty()) {
                continue; // the host hasn't it, nor has the guest
            }
            if (value.getAsLong() == register.initial) {
                state.msrs.remove(register.index);
            } else {
                state.msrs.put(register.index, value.getAsLong());
            }
        }
    }

    /**
     * Writes all of them.
     *
     * @throws KvmException if one that the guest has set can't be
     */
    void write(CpuState state) {
        for (Named register : NAMED) {
            set(register.index, register.get.from(state), 0);
        }
        for (Plain register : PLAIN) {
            Long value = state.msrs.get(register.index);
            set(register.index, value == null ? register.initial : value, register.initial);
        }
    }

    private void set(int index, long value, long initial) {
        if (!write(index, value) && value != initial) {
            throw new KvmException(
                    "this host's KVM can't set register %X to %X: use --accel emulated".formatted(index, value));
        }
    }

    /** Whether the guest's time stamps can be other than the host's: there are hosts where setting them does nothing. */
    boolean canSetTimeStamp() {
        timeStamp(1L << 60);
        boolean set = timeStamp() >>> 60 == 1;
        timeStamp(0);
        return set;
    }

    /** Sets the time stamp counter. */
    void timeStamp(long value) {
        write(TSC, value);
    }
}
