package oriel.hypervisor.cpu.emulated;

import static oriel.hypervisor.cpu.emulated.X87Registers.SUMMARY;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import oriel.hypervisor.cpu.CpuState;

/**
 * The x87 state as FNSAVE and FRSTOR have it (Intel SDM 1 §8.1.10, 32-bit protected mode), for translated code. Either
 * this image is right or {@link CpuState} is; each is made from the other when it is needed.
 *
 * <p>Translated code doesn't keep the pointers to the last instruction: as on AMD's processors they are about the last one
 * that Java executed.
 */
final class X87Image {
    private static final int CR0_EM = 4, CR0_TS = 8, MASKS = 0x3F, EMPTY = 3;

    // Offsets in the image.
    private static final int CONTROL = 0, STATUS = 4, TAG = 8, REGISTERS = 28, REGISTER_SIZE = 10;

    private static final ValueLayout.OfLong I64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt I32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort I16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final CpuState state;
    private final MemorySegment image;

    /** The image is newer than {@link CpuState}. */
    private boolean used;

    X87Image(CpuState state) {
        this.state = state;
        image = MemorySegment.ofArray(state.gpr).asSlice(NativeLayout.X87_IMAGE * 8L, 108);
    }

    /** Whether x87 instructions may be executed as they are: none would fault. */
    private boolean enabled() {
        return (state.cr0 & (CR0_EM | CR0_TS)) == 0
                && (state.fpControl & MASKS) == MASKS
                && (state.fpStatus & SUMMARY) == 0;
    }

    /** Before translated code runs: takes the right to use the image away if that is due. */
    void check() {
        if ((state.cr0 & (CR0_EM | CR0_TS)) != 0) {
            state.gpr[NativeLayout.X87] = NativeLayout.X87_IN_JAVA;
        }
    }

    /** Makes the image; false if x87 instructions must be left to Java. */
    boolean toImage() {
        if (!enabled()) {
            return false;
        }
        image.set(I32, CONTROL, state.fpControl);
        image.set(I32, STATUS, state.fpStatus);
        image.set(I32, TAG, state.fpTag);
        int top = state.fpStatus >> 11 & 7;
        for (int i = 0; i < 8; i++) {
            int physical = top + i & 7;
            image.set(I64, REGISTERS + REGISTER_SIZE * i, state.fpSignificand[physical]);
            image.set(I16, REGISTERS + REGISTER_SIZE * i + 8, (short) state.fpSignExponent[physical]);
        }
        state.gpr[NativeLayout.X87] = NativeLayout.X87_READY;
        used = true;
        return true;
    }

    /** Makes {@link CpuState} right, before Java looks at it. */
    void toState() {
        if (!used) {
            return;
        }
        used = false;
        state.gpr[NativeLayout.X87] = NativeLayout.X87_IN_JAVA;
        state.fpControl = image.get(I32, CONTROL) & 0xFFFF;
        state.fpStatus = image.get(I32, STATUS) & 0xFFFF;
        int saved = image.get(I32, TAG);
        int tags = 0;
        int top = state.fpStatus >> 11 & 7;
        for (int i = 0; i < 8; i++) {
            if ((saved >> 2 * i & 3) == EMPTY) {
                tags |= EMPTY << 2 * i;
            }
            int physical = top + i & 7;
            state.fpSignificand[physical] = image.get(I64, REGISTERS + REGISTER_SIZE * i);
            state.fpSignExponent[physical] = image.get(I16, REGISTERS + REGISTER_SIZE * i + 8) & 0xFFFF;
        }
        state.fpTag = tags;
    }
}
