package oriel.hypervisor.device.chipset;

import java.util.ArrayList;
import java.util.List;
import oriel.hypervisor.bus.IoBus;
import oriel.hypervisor.bus.MessageInterrupts;
import oriel.hypervisor.bus.Mmio;

/**
 * The medium between local APICs, IOAPICs and devices with message-signalled interrupts: resolves destinations (Intel
 * SDM 3A §11.6.2) and delivers. Also the window at FEE00000H, in which each processor sees its own local APIC. Confined
 * to the machine's thread.
 */
public final class ApicBus implements MessageInterrupts, Mmio {
    /** Where every processor sees its local APIC. */
    public static final long LOCAL_APIC_BASE = 0xFEE0_0000L;

    static final int FIXED = 0, LOWEST_PRIORITY = 1, SMI = 2, NMI = 4, INIT = 5, START_UP = 6, EXT_INT = 7;

    private final List<LocalApic> locals = new ArrayList<>();
    private final List<IoApic> ioApics = new ArrayList<>();
    private int current;

    /** Connects the local APIC window. */
    public void attach(IoBus bus) {
        bus.addMmio(LOCAL_APIC_BASE, 0x1000, this);
    }

    /** Says which processor runs from now on: accesses to the window are its own. 0 at first. */
    public void select(int processor) {
        current = processor;
    }

    void add(LocalApic local) {
        locals.add(local);
    }

    void add(IoApic ioApic) {
        ioApics.add(ioApic);
    }

    @Override
    public long readMmio(long offset, int size) {
        return current < locals.size() ? locals.get(current).readMmio(offset, size) : -1L;
    }

    @Override
    public void writeMmio(long offset, int size, long value) {
        if (current < locals.size()) {
            locals.get(current).writeMmio(offset, size, value);
        }
    }

    /** {@inheritDoc} Addresses outside FEE00000H–FEEFFFFFH are ordinary memory writes and not for us: ignored. */
    @Override
    public void deliver(long address, int data) {
        if ((address & 0xFFFF_FFFF_FFF0_0000L) != LOCAL_APIC_BASE) {
            return;
        }
        int destination = (int) (address >>> 12) & 0xFF;
        boolean logical = (address & 4) != 0;
        send(destination, logical, data >>> 8 & 7, data & 0xFF, (data & 0x8000) != 0);
    }

    /** Delivers to all that match a destination; in lowest-priority mode to one of them. */
    void send(int destination, boolean logical, int mode, int vector, boolean level) {
        if (mode == LOWEST_PRIORITY) {
            LocalApic lowest = null;
            for (LocalApic local : locals) {
                if (local.accepts(destination, logical)
                        && local.softwareEnabled()
                        && (lowest == null || local.processorPriority() < lowest.processorPriority())) {
                    lowest = local;
                }
            }
            if (lowest != null) {
                lowest.receive(FIXED, vector, level);
            }
            return;
        }
        for (LocalApic local : locals) {
            if (local.accepts(destination, logical)) {
                local.receive(mode, vector, level);
            }
        }
    }

    void sendToAll(int mode, int vector, boolean level, LocalApic sender, boolean includeSender) {
        for (LocalApic local : locals) {
            if (includeSender || local != sender) {
                local.receive(mode == LOWEST_PRIORITY ? FIXED : mode, vector, level);
            }
        }
    }

    /** A local APIC ended a level-triggered interrupt. */
    void endOfInterrupt(int vector) {
        for (IoApic ioApic : ioApics) {
            ioApic.endOfInterrupt(vector);
        }
    }
}
