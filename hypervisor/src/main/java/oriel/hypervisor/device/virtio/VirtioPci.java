package oriel.hypervisor.device.virtio;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import oriel.hypervisor.bus.Mmio;
import oriel.hypervisor.bus.StateException;
import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;
import oriel.hypervisor.device.pci.PciBar;
import oriel.hypervisor.device.pci.PciFunction;
import oriel.hypervisor.device.pci.PciIdentity;
import oriel.hypervisor.device.pci.RegisterBacking;
import oriel.hypervisor.memory.GuestMemory;
import oriel.hypervisor.memory.GuestMemoryException;

/**
 * virtio over PCI (virtio 1.2 §4.1), without the legacy interface. BAR 0 has the register structures, a page each; BAR 1
 * the MSI-X table: a vector for the configuration and one for each queue. Confined to the machine's thread.
 */
public final class VirtioPci extends PciFunction implements VirtioTransport {
    static final int COMMON = 0x0000;
    static final int ISR = 0x1000;
    static final int DEVICE = 0x2000;
    static final int NOTIFY = 0x3000;
    static final int NOTIFY_MULTIPLIER = 4;

    private static final int PAGE = 0x1000;
    private static final int BAR_SIZE = 0x4000;
    private static final int VENDOR_CAPABILITY = 0x09;
    private static final int CFG_COMMON = 1;
    private static final int CFG_NOTIFY = 2;
    private static final int CFG_ISR = 3;
    private static final int CFG_DEVICE = 4;
    private static final int CFG_PCI = 5;
    private static final int COMMON_LENGTH = 64;
    private static final int ISR_QUEUE = 1;
    private static final int ISR_CONFIG = 2;
    private static final int NO_VECTOR = 0xFFFF;
    private static final int STATE_VERSION = 1;
    /** A driver may break and reset the device in a loop; the log has the first of these only. */
    private static final int LOGGED_FAILURES = 8;

    private static final Logger LOG = LoggerFactory.getLogger(VirtioPci.class);

    private final VirtioDevice device;
    private final GuestMemory memory;
    private final Virtqueue[] queues;
    private final DeviceStatus status;
    private final CommonConfig common;
    private final Mmio registers = new Registers();
    private final int pciCfg;
    private int configVector = NO_VECTOR;
    private int generation;
    private int isr;
    private int failures;

    /** A function that carries {@code device}; add it to the bus. */
    public VirtioPci(VirtioDevice device, GuestMemory memory) {
        super(
                device.name(),
                new PciIdentity(
                        0x1AF4, 0x1040 + device.type().id(), device.type().pciClass(), 1, 0x1AF4, 0x1100, true));
        this.device = device;
        this.memory = memory;
        int[] sizes = device.queueSizes();
        queues = new Virtqueue[sizes.length];
        for (int i = 0; i < sizes.length; i++) {
            queues[i] = new Virtqueue(memory, i, sizes[i]);
        }
        status = new DeviceStatus(device.features());
        common = new CommonConfig(this, status, queues);
        addBar(0, new PciBar(PciBar.Kind.MEMORY, BAR_SIZE, false, new RegisterBacking(registers)));
        addMsix(1, queues.length + 1);
        addCapability(VENDOR_CAPABILITY, structure(CFG_COMMON, COMMON, COMMON_LENGTH, 0));
        addCapability(VENDOR_CAPABILITY, structure(CFG_ISR, ISR, 1, 0));
        addCapability(VENDOR_CAPABILITY, structure(CFG_DEVICE, DEVICE, PAGE, 0));
        addCapability(
                VENDOR_CAPABILITY, structure(CFG_NOTIFY, NOTIFY, queues.length * NOTIFY_MULTIPLIER, NOTIFY_MULTIPLIER));
        pciCfg = addCapability(VENDOR_CAPABILITY, structure(CFG_PCI, 0, 0, 0));
        allowWrites(pciCfg + 4, 1, 0xFF);
        allowWrites(pciCfg + 8, 4, -1);
        allowWrites(pciCfg + 12, 4, -1);
        allowWrites(pciCfg + 16, 4, -1);
        device.attach(this);
    }

    /** virtio_pci_cap (§4.1.4) behind its ID and next pointer; 4 more bytes for the two that need them. */
    private static byte[] structure(int type, int offset, int length, int extra) {
        boolean longer = type == CFG_NOTIFY || type == CFG_PCI;
        byte[] body = new byte[longer ? 18 : 14];
        body[0] = (byte) (body.length + 2);
        body[1] = (byte) type;
        LittleEndian.put32(body, 6, offset);
        LittleEndian.put32(body, 10, length);
        if (longer) {
            LittleEndian.put32(body, 14, extra);
        }
        return body;
    }

    private final class Registers implements Mmio {
        @Override
        public long readMmio(long offset, int size) {
            int inPage = (int) offset & (PAGE - 1);
            return switch ((int) offset & -PAGE) {
                case COMMON -> common.read(inPage, size);
                case ISR -> inPage == 0 ? takeIsr() : 0;
                case DEVICE -> readDeviceConfig(inPage, size);
                default -> 0;
            };
        }

        @Override
        public void writeMmio(long offset, int size, long value) {
            int inPage = (int) offset & (PAGE - 1);
            switch ((int) offset & -PAGE) {
                case COMMON -> common.write(inPage, size, value);
                case DEVICE -> {
                    for (int i = 0; i < size; i++) {
                        device.writeConfig(inPage + i, (byte) (value >>> (8 * i)));
                    }
                }
                case NOTIFY -> doorbell(inPage / NOTIFY_MULTIPLIER);
                default -> {}
            }
        }
    }

    private long readDeviceConfig(int offset, int size) {
        byte[] config = device.config();
        long value = 0;
        for (int i = size - 1; i >= 0; i--) {
            value = value << 8 | (offset + i < config.length ? config[offset + i] & 0xFF : 0);
        }
        return value;
    }

    private int takeIsr() {
        int taken = isr;
        isr = 0;
        setInterrupt(false);
        return taken;
    }

    /** A notification; the queue's number comes from the address, the value says the same and is ignored. */
    private void doorbell(int queue) {
        if (queue < queues.length && queues[queue].enabled()) {
            run(() -> device.notified(queue));
        }
    }

    int generation() {
        return generation;
    }

    int configVector() {
        return configVector;
    }

    /** A vector that doesn't exist reads back as "none" (§4.1.5.1.2.1). */
    int validVector(int vector) {
        return vector < msixVectors() ? vector : NO_VECTOR;
    }

    void setConfigVector(int vector) {
        configVector = validVector(vector);
    }

    /** The driver wrote device status. */
    void writeStatus(int value) {
        if (value == 0) {
            resetVirtio();
            return;
        }
        boolean wasUp = status.driverOk();
        status.write(value);
        if (!wasUp && status.driverOk()) {
            run(device::activated);
            busMasterEnabled(); // notifications that came too early
        }
    }

    void enableQueue(Virtqueue queue) {
        guard(() -> queue.enable(
                status.negotiated(DeviceStatus.F_INDIRECT_DESC), status.negotiated(DeviceStatus.F_EVENT_IDX)));
    }

    @Override
    protected void busMasterEnabled() {
        for (Virtqueue queue : queues) {
            if (queue.enabled()) {
                run(() -> device.notified(queue.index()));
            }
        }
    }

    private void resetVirtio() {
        status.reset();
        device.reset();
        for (Virtqueue queue : queues) {
            queue.reset();
        }
        common.reset();
        configVector = NO_VECTOR;
        isr = 0;
        setInterrupt(false);
    }

    @Override
    public void reset() {
        super.reset();
        resetVirtio();
    }

    @Override
    public GuestMemory memory() {
        return memory;
    }

    @Override
    public Virtqueue queue(int index) {
        return queues[index];
    }

    @Override
    public boolean live() {
        return status.driverOk() && !status.needsReset() && busMaster();
    }

    @Override
    public boolean negotiated(int feature) {
        return status.negotiated(feature);
    }

    @Override
    public void usedBuffers(Virtqueue queue) {
        if (queue.takeInterruptNeeded()) {
            interrupt(queue.vector(), ISR_QUEUE);
        }
    }

    @Override
    public void configChanged() {
        generation = generation + 1 & 0xFF;
        if (status.driverOk()) {
            interrupt(configVector, ISR_CONFIG);
        }
    }

    private void interrupt(int vector, int cause) {
        if (msixEnabled()) {
            triggerMsix(vector);
        } else {
            isr |= cause;
            setInterrupt(true);
        }
    }

    @Override
    public void run(Runnable work) {
        if (live()) {
            guard(work);
        }
    }

    private void guard(Runnable work) {
        try {
            work.run();
        } catch (VirtioException | GuestMemoryException e) {
            fail(String.valueOf(e.getMessage()));
        }
    }

    private void fail(String reason) {
        if (failures++ < LOGGED_FAILURES) {
            LOG.warn("{}: the guest's driver broke the protocol and must reset the device: {}", name(), reason);
        }
        status.setNeedsReset();
        if (status.driverOk()) {
            interrupt(configVector, ISR_CONFIG); // §2.1.2
        }
    }

    @Override
    protected void configReading(int offset, int size) {
        if (offset < pciCfg + 20 && offset + size > pciCfg + 16 && configAccess()) {
            int length = configRegister(pciCfg + 12, 4);
            long value = registers.readMmio(Integer.toUnsignedLong(configRegister(pciCfg + 8, 4)), length);
            setConfigRegister(pciCfg + 16, 4, (int) value);
        }
    }

    @Override
    protected void configWritten(int offset, int size) {
        if (offset < pciCfg + 20 && offset + size > pciCfg + 16 && configAccess()) {
            registers.writeMmio(
                    Integer.toUnsignedLong(configRegister(pciCfg + 8, 4)),
                    configRegister(pciCfg + 12, 4),
                    configRegister(pciCfg + 16, 4) & 0xFFFF_FFFFL);
        }
    }

    /** Whether the window of VIRTIO_PCI_CAP_PCI_CFG is aimed at an aligned register of BAR 0 (§4.1.4.9). */
    private boolean configAccess() {
        int bar = configRegister(pciCfg + 4, 1);
        long offset = Integer.toUnsignedLong(configRegister(pciCfg + 8, 4));
        int length = configRegister(pciCfg + 12, 4);
        return bar == 0
                && (length == 1 || length == 2 || length == 4)
                && offset % length == 0
                && offset + length <= BAR_SIZE;
    }

    @Override
    public void quiesce() {
        device.quiesce();
    }

    @Override
    protected void saveFunction(StateWriter out) {
        quiesce(); // a part saved alone; of a whole machine, everything is quiet by now
        out.version(STATE_VERSION).u16(configVector).u8(generation).u8(isr);
        status.save(out);
        common.save(out);
        out.u8(queues.length);
        for (Virtqueue queue : queues) {
            queue.save(out);
        }
        device.save(out);
    }

    @Override
    protected void loadFunction(StateReader in) {
        device.reset(); // drops what is in flight: its answers must not reach the restored memory
        in.version(STATE_VERSION);
        configVector = in.u16();
        generation = in.u8();
        isr = in.u8();
        status.load(in);
        common.load(in);
        if (in.u8() != queues.length) {
            throw new StateException("saved state of " + name() + " has another number of queues");
        }
        for (Virtqueue queue : queues) {
            queue.load(in);
        }
        device.load(in);
    }
}
