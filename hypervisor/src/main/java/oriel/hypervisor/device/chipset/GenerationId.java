package oriel.hypervisor.device.chipset;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.UUID;
import oriel.hypervisor.bus.Device;
import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;
import oriel.hypervisor.memory.GuestMemory;
import oriel.hypervisor.memory.HostMapping;
import oriel.hypervisor.memory.MemoryRegion;

/**
 * The VM generation id (Microsoft, "Virtual Machine Generation ID"): 16 bytes in memory that a guest can't write, which
 * change whenever the guest's past isn't this machine's alone: it is a clone, or was put back. A guest that sees the event
 * makes new what must never be used twice; Linux reseeds its random numbers. Confined to the machine's thread.
 */
public final class GenerationId implements Device, AutoCloseable {
    /** Guest physical address; the id is at its start. */
    public static final long BASE = 0xFEF0_0000L;

    /** The general purpose event that tells of a change. */
    public static final int EVENT = 5;

    private final HostMapping page = HostMapping.anonymous(HostMapping.PAGE);
    private final AcpiPm events;
    private UUID id = new UUID(0, 0);

    /** An id of zeroes. */
    public GenerationId(AcpiPm events) {
        this.events = events;
    }

    /** Puts it into memory. */
    public void attach(GuestMemory memory) {
        memory.add(MemoryRegion.rom(name(), BASE, HostMapping.PAGE, page.address()));
    }

    /** The id. */
    public UUID id() {
        return id;
    }

    /** Sets the id of a guest that has yet to boot. */
    public void set(UUID newId) {
        id = newId;
        ByteBuffer bytes = page.bytes().asByteBuffer().order(ByteOrder.BIG_ENDIAN);
        bytes.putLong(0, newId.getMostSignificantBits()).putLong(8, newId.getLeastSignificantBits());
    }

    /** Sets the id of a guest that runs, and tells it. */
    public void change(UUID newId) {
        set(newId);
        events.raise(EVENT);
    }

    @Override
    public String name() {
        return "generation-id";
    }

    @Override
    public void reset() {}

    @Override
    public void save(StateWriter out) {
        out.version(1).i64(id.getMostSignificantBits()).i64(id.getLeastSignificantBits());
    }

    @Override
    public void load(StateReader in) {
        in.version(1);
        set(new UUID(in.i64(), in.i64()));
    }

    /** Gives the host memory back. */
    @Override
    public void close() {
        page.close();
    }
}
