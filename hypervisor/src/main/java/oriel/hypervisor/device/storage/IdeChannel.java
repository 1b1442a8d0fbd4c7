package oriel.hypervisor.device.storage;

import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import oriel.hypervisor.bus.InterruptLine;
import oriel.hypervisor.bus.IoBus;
import oriel.hypervisor.bus.PortIo;
import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;
import oriel.hypervisor.memory.GuestMemory;
import oriel.hypervisor.memory.GuestMemoryException;

/**
 * One IDE channel with room for one drive, device 0 (ATA/ATAPI-6 §8), and its bus master (Intel "Programming Interface
 * for Bus Master IDE Controller", 1.0). Device 1 is absent: it reads as zeroes.
 */
final class IdeChannel implements PortIo {
    private static final int DATA = 0, ERROR = 1, COUNT = 2, LOW = 3, MIDDLE = 4, HIGH = 5, DEVICE = 6, STATUS = 7;
    private static final int SECOND_DEVICE = 0x10;
    private static final int CONTROL_NO_INTERRUPT = 2, CONTROL_RESET = 4, CONTROL_PREVIOUS = 0x80;
    private static final int START = 1, TO_MEMORY = 8;
    private static final int ACTIVE = 1, FAILED = 2, INTERRUPTED = 4, STATUS_KEPT = 0x60;
    private static final int LAST_RANGE = 0x8000_0000;

    private final GuestMemory memory;
    private final InterruptLine line;
    private final BooleanSupplier mayMaster;
    private final @Nullable IdeDrive drive;
    private int commandPort;
    private int control;
    private int device;
    private boolean interrupt;
    private int masterCommand;
    private int masterStatus;
    private int table;

    /** The next range of the table that is being worked through. */
    private int nextRange;

    private int rangeAddress;
    private int rangeLeft;
    private boolean lastRange;

    /**
     * A channel.
     *
     * @param mayMaster whether the guest lets the controller master the bus
     * @param drive device 0, or null for none
     */
    IdeChannel(GuestMemory memory, InterruptLine line, BooleanSupplier mayMaster, @Nullable IdeDrive drive) {
        this.memory = memory;
        this.line = line;
        this.mayMaster = mayMaster;
        this.drive = drive;
        if (drive != null) {
            drive.connect(this::interrupt, this::runDma);
        }
    }

    void attach(IoBus bus, int command, int controlPort) {
        commandPort = command;
        bus.addPorts(command, 8, this);
        bus.addPorts(controlPort, 1, this);
    }

    boolean hasDrive() {
        return drive != null;
    }

    private @Nullable IdeDrive selected() {
        return (device & SECOND_DEVICE) == 0 ? drive : null;
    }

    @Override
    public int readPort(int port, int size) {
        IdeDrive selected = selected();
        if (selected == null) {
            return 0;
        }
        if (port == commandPort && size > 1) {
            return size == 4 ? selected.readData() | selected.readData() << 16 : selected.readData();
        }
        int value = 0;
        for (int i = 0; i < size; i++) {
            value |= readRegister(selected, port - commandPort + i) << (8 * i);
        }
        return value;
    }

    private int readRegister(IdeDrive selected, int register) {
        return switch (register) {
            case DATA -> selected.readData() & 0xFF;
            case ERROR -> selected.error();
            case COUNT -> selected.count();
            case LOW -> selected.low();
            case MIDDLE -> selected.middle();
            case HIGH -> selected.high();
            case DEVICE -> device;
            case STATUS -> {
                interrupt = false;
                drive();
                yield selected.status();
            }
            default -> selected.status(); // alternate status, at the control port
        };
    }

    @Override
    public void writePort(int port, int size, int value) {
        if (port == commandPort && size > 1) {
            IdeDrive selected = selected();
            if (selected != null) {
                selected.writeData(value & 0xFFFF);
                if (size == 4) {
                    selected.writeData(value >>> 16);
                }
            }
            return;
        }
        for (int i = 0; i < size; i++) {
            writeRegister(port - commandPort + i, value >>> (8 * i) & 0xFF);
        }
    }

    private void writeRegister(int register, int value) {
        if (register > STATUS) {
            writeControl(value);
            return;
        }
        writeControl(control & ~CONTROL_PREVIOUS); // any write to the command block ends it
        if (register == DEVICE) {
            device = value;
            drive();
            return;
        }
        if (drive == null) {
            return;
        }
        switch (register) {
            case ERROR -> drive.setFeatures(value);
            case COUNT -> drive.setCount(value);
            case LOW -> drive.setLow(value);
            case MIDDLE -> drive.setMiddle(value);
            case HIGH -> drive.setHigh(value);
            case STATUS -> {
                if (selected() != null) {
                    interrupt = false;
                    drive();
                    drive.command(value, device);
                }
            }
            default -> {} // a byte of data: the port is 16 bits wide
        }
    }

    private void writeControl(int value) {
        boolean reset = (value & ~control & CONTROL_RESET) != 0;
        control = value;
        if (drive != null) {
            drive.showPrevious((value & CONTROL_PREVIOUS) != 0);
        }
        if (reset) {
            interrupt = false;
            device = 0;
            masterStatus &= ~ACTIVE;
            if (drive != null) {
                drive.softReset();
            }
        }
        drive();
    }

    /** The drive wants attention. */
    private void interrupt() {
        interrupt = true;
        masterStatus |= INTERRUPTED;
        drive();
    }

    private void drive() {
        line.set(interrupt && (control & CONTROL_NO_INTERRUPT) == 0 && selected() != null);
    }

    // ---- Bus master

    int readBusMaster(int register) {
        return switch (register) {
            case 0 -> masterCommand;
            case 2 -> masterStatus;
            case 4, 5, 6, 7 -> table >>> (8 * (register - 4)) & 0xFF;
            default -> 0;
        };
    }

    void writeBusMaster(int register, int value) {
        switch (register) {
            case 0 -> {
                boolean starts = (value & ~masterCommand & START) != 0;
                masterCommand = value & (START | TO_MEMORY);
                if (starts) {
                    masterStatus |= ACTIVE;
                    nextRange = table;
                    rangeLeft = 0;
                    lastRange = false;
                    runDma();
                } else if ((masterCommand & START) == 0) {
                    masterStatus &= ~ACTIVE;
                }
            }
            case 2 ->
                masterStatus = masterStatus & ~(value & (FAILED | INTERRUPTED)) & ~STATUS_KEPT | value & STATUS_KEPT;
            case 4, 5, 6, 7 -> {
                int shift = 8 * (register - 4);
                table = (table & ~(0xFF << shift) | value << shift) & ~3;
            }
            default -> {}
        }
    }

    /** Moves what the drive has ready to where the table says. */
    void runDma() {
        if (drive == null || (masterStatus & ACTIVE) == 0 || !mayMaster.getAsBoolean()) {
            return;
        }
        try {
            while (drive.dmaAvailable() > 0 && (masterStatus & ACTIVE) != 0) {
                if (rangeLeft == 0 && !nextRange()) {
                    fail(); // the table ends before the data
                    return;
                }
                int part = Math.min(rangeLeft, drive.dmaAvailable());
                if (((masterCommand & TO_MEMORY) != 0) != drive.dmaToMemory()) {
                    fail(); // the guest asked for the other way
                    return;
                }
                if (drive.dmaToMemory()) {
                    memory.write(rangeAddress & 0xFFFF_FFFFL, drive.takeDma(part), 0, part);
                } else {
                    byte[] data = new byte[part];
                    memory.read(rangeAddress & 0xFFFF_FFFFL, data, 0, part);
                    drive.giveDma(data);
                }
                rangeAddress += part;
                rangeLeft -= part;
                if (drive.dmaAvailable() == 0) {
                    drive.dmaMoved();
                }
            }
        } catch (GuestMemoryException e) {
            fail();
            return;
        }
        if (drive.dmaDone() && rangeLeft == 0 && lastRange) {
            masterStatus &= ~ACTIVE; // drive and table ended together; else the guest stops it
        }
    }

    private boolean nextRange() {
        if (lastRange) {
            return false;
        }
        rangeAddress = (int) memory.read(nextRange & 0xFFFF_FFFFL, 4) & ~1;
        int word = (int) memory.read((nextRange & 0xFFFF_FFFFL) + 4, 4);
        rangeLeft = word & 0xFFFE;
        if (rangeLeft == 0) {
            rangeLeft = 0x10000;
        }
        lastRange = (word & LAST_RANGE) != 0;
        nextRange += 8;
        return true;
    }

    private void fail() {
        masterStatus = masterStatus & ~ACTIVE | FAILED;
        if (drive != null) {
            drive.dmaFailed();
        }
    }

    void reset() {
        control = 0;
        device = 0;
        interrupt = false;
        masterCommand = 0;
        masterStatus = 0;
        table = 0;
        nextRange = 0;
        rangeAddress = 0;
        rangeLeft = 0;
        lastRange = false;
        if (drive != null) {
            drive.hardReset();
        }
        drive();
    }

    void save(StateWriter out) {
        out.u8(control)
                .u8(device)
                .bool(interrupt)
                .u8(masterCommand)
                .u8(masterStatus)
                .i32(table);
        out.i32(nextRange).i32(rangeAddress).i32(rangeLeft).bool(lastRange);
        if (drive != null) {
            drive.save(out);
        }
    }

    void load(StateReader in) {
        control = in.u8();
        device = in.u8();
        interrupt = in.bool();
        masterCommand = in.u8() & (START | TO_MEMORY);
        masterStatus = in.u8();
        table = in.i32() & ~3;
        nextRange = in.i32();
        rangeAddress = in.i32();
        rangeLeft = Math.clamp(in.i32(), 0, 0x10000);
        lastRange = in.bool();
        if (drive != null) {
            drive.load(in);
        }
        drive();
    }
}
