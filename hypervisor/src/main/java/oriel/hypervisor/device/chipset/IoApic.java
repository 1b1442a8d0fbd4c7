package oriel.hypervisor.device.chipset;

import java.util.Arrays;
import oriel.hypervisor.bus.Device;
import oriel.hypervisor.bus.IoBus;
import oriel.hypervisor.bus.Mmio;
import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;

/**
 * An I/O APIC with 24 inputs at FEC00000H (Intel 82093AA, with the EOI register of version 20H). Polarity bits are kept
 * but mean nothing: {@link #set} says asserted or not, whatever voltage that would be.
 */
public final class IoApic implements Device, Mmio {
    /** Where the register window is. */
    public static final long BASE = 0xFEC0_0000L;

    /** Number of inputs. */
    public static final int PINS = 24;

    private static final long REMOTE_IRR = 1 << 14, LEVEL = 1 << 15, MASKED = 1 << 16;
    private static final long WRITABLE = 0xFF00_0000_0001_AFFFL;

    private final ApicBus bus;
    private final long[] redirection = new long[PINS];
    private int inputs;
    private int select;
    private int id;

    /** An I/O APIC that delivers over a bus. */
    public IoApic(ApicBus bus) {
        this.bus = bus;
        bus.add(this);
        reset();
    }

    /** Connects the register window. */
    public void attach(IoBus io) {
        io.addMmio(BASE, 0x1000, this);
    }

    @Override
    public String name() {
        return "ioapic";
    }

    @Override
    public void reset() {
        Arrays.fill(redirection, MASKED);
        inputs = 0;
        select = 0;
        id = 0;
    }

    /** Sets an input, 0–23. */
    public void set(int pin, boolean asserted) {
        int bit = 1 << pin;
        boolean rises = asserted && (inputs & bit) == 0;
        inputs = asserted ? inputs | bit : inputs & ~bit;
        if ((redirection[pin] & LEVEL) != 0) {
            if (asserted) {
                deliver(pin);
            }
        } else if (rises) {
            deliver(pin);
        }
    }

    private void deliver(int pin) {
        long entry = redirection[pin];
        boolean level = (entry & LEVEL) != 0;
        if ((entry & MASKED) != 0 || level && (entry & REMOTE_IRR) != 0) {
            return;
        }
        int mode = (int) entry >> 8 & 7;
        if (level && (mode == ApicBus.FIXED || mode == ApicBus.LOWEST_PRIORITY)) {
            redirection[pin] |= REMOTE_IRR;
        }
        bus.send((int) (entry >>> 56), (entry & 0x800) != 0, mode, (int) entry & 0xFF, level);
    }

    /** A local APIC (or the EOI register) ended a level-triggered interrupt; inputs still asserted interrupt again. */
    void endOfInterrupt(int vector) {
        for (int pin = 0; pin < PINS; pin++) {
            long entry = redirection[pin];
            if ((entry & 0xFF) == vector && (entry & REMOTE_IRR) != 0) {
                redirection[pin] = entry & ~REMOTE_IRR;
                if ((inputs & 1 << pin) != 0) {
                    deliver(pin);
                }
            }
        }
    }

    @Override
    public long readMmio(long offset, int size) {
        return switch ((int) offset & ~3) {
            case 0x00 -> select;
            case 0x10 -> readRegister() & 0xFFFF_FFFFL;
            default -> 0;
        };
    }

    private int readRegister() {
        return switch (select) {
            case 0x00, 0x02 -> id << 24;
            case 0x01 -> (PINS - 1) << 16 | 0x20;
            default -> {
                int pin = select - 0x10 >> 1;
                yield select < 0x10 || pin >= PINS ? 0 : (int) (redirection[pin] >>> (32 * (select & 1)));
            }
        };
    }

    @Override
    public void writeMmio(long offset, int size, long value) {
        switch ((int) offset & ~3) {
            case 0x00 -> select = (int) value & 0xFF;
            case 0x10 -> writeRegister((int) value);
            case 0x40 -> endOfInterrupt((int) value & 0xFF);
            default -> {}
        }
    }

    private void writeRegister(int value) {
        if (select == 0) {
            id = value >>> 24 & 0xF;
            return;
        }
        int pin = select - 0x10 >> 1;
        if (select < 0x10 || pin >= PINS) {
            return;
        }
        int shift = 32 * (select & 1);
        long merged = redirection[pin] & ~(0xFFFF_FFFFL << shift) | (value & 0xFFFF_FFFFL) << shift;
        long entry = merged & WRITABLE | redirection[pin] & REMOTE_IRR;
        if ((entry & LEVEL) == 0) {
            entry &= ~REMOTE_IRR; // Linux ends a stuck level interrupt by switching to edge and back
        }
        redirection[pin] = entry;
        if ((entry & LEVEL) != 0 && (inputs & 1 << pin) != 0) {
            deliver(pin);
        }
    }

    @Override
    public void save(StateWriter out) {
        out.version(1).i32(inputs).u8(select).u8(id);
        for (long entry : redirection) {
            out.i64(entry);
        }
    }

    @Override
    public void load(StateReader in) {
        in.version(1);
        inputs = in.i32();
        select = in.u8();
        id = in.u8();
        for (int pin = 0; pin < PINS; pin++) {
            redirection[pin] = in.i64() & (WRITABLE | REMOTE_IRR);
        }
    }
}
