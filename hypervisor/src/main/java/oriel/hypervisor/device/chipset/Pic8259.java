package oriel.hypervisor.device.chipset;

import oriel.hypervisor.bus.Device;
import oriel.hypervisor.bus.IoBus;
import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;

/**
 * The two cascaded 8259A interrupt controllers of a PC with their edge/level registers (ports 20H, 21H, A0H, A1H, 4D0H,
 * 4D1H). The output goes to LINT0 of the boot processor's local APIC.
 */
public final class Pic8259 implements Device, BytePorts {
    private static final int CASCADE = 2;

    private final Chip master = new Chip(0xF8);
    private final Chip slave = new Chip(0xDE);

    /** Connects the registers. */
    public void attach(IoBus bus) {
        bus.addPorts(0x20, 2, this);
        bus.addPorts(0xA0, 2, this);
        bus.addPorts(0x4D0, 2, this);
    }

    @Override
    public String name() {
        return "pic";
    }

    /** Sets an input, 0–15. Input 2 is the cascade and ignored. */
    public void set(int irq, boolean asserted) {
        if (irq < 8) {
            if (irq != CASCADE) {
                master.setInput(irq, asserted);
            }
        } else {
            slave.setInput(irq - 8, asserted);
            cascade();
        }
    }

    /** INTR: whether an unmasked request is above what is in service. */
    public boolean pending() {
        return master.highest() >= 0;
    }

    /**
     * The INTA cycle: acknowledges the highest request. A request that went away in the meantime gives the spurious
     * vector of input 7, without an in-service bit (8259A data sheet, "edge and level triggered modes").
     *
     * @return the vector, 0–255
     */
    public int acknowledge() {
        int irq = master.highest();
        if (irq < 0) {
            return master.vectorBase | 7;
        }
        master.acknowledge(irq);
        if (irq != CASCADE) {
            return master.vectorBase | irq;
        }
        int slaveIrq = slave.highest();
        if (slaveIrq < 0) {
            return slave.vectorBase | 7;
        }
        slave.acknowledge(slaveIrq);
        master.setInput(CASCADE, false); // INT drops during the INTA cycle, so that a further request is a new edge
        cascade();
        return slave.vectorBase | slaveIrq;
    }

    /** The slave's INT output follows its requests: the cascade input must drop when they do. */
    private void cascade() {
        boolean asserted = slave.highest() >= 0;
        if (!asserted) {
            master.requests &= ~(1 << CASCADE);
        }
        master.setInput(CASCADE, asserted);
    }

    @Override
    public int readByte(int port) {
        int value = switch (port) {
            case 0x20 -> master.poll ? master.takePoll() : master.readStatus();
            case 0x21 -> master.poll ? master.takePoll() : master.mask;
            case 0xA0 -> slave.poll ? slave.takePoll() : slave.readStatus();
            case 0xA1 -> slave.poll ? slave.takePoll() : slave.mask;
            case 0x4D0 -> master.level;
            case 0x4D1 -> slave.level;
            default -> 0xFF;
        };
        cascade();
        return value;
    }

    @Override
    public void writeByte(int port, int value) {
        switch (port) {
            case 0x20 -> master.writeCommand(value);
            case 0x21 -> master.writeData(value);
            case 0xA0 -> slave.writeCommand(value);
            case 0xA1 -> slave.writeData(value);
            case 0x4D0 -> master.level = value & master.levelAllowed;
            case 0x4D1 -> slave.level = value & slave.levelAllowed;
            default -> {}
        }
        cascade();
    }

    @Override
    public void reset() {
        master.reset();
        slave.reset();
    }

    @Override
    public void save(StateWriter out) {
        out.version(1);
        master.save(out);
        slave.save(out);
    }

    @Override
    public void load(StateReader in) {
        in.version(1);
        master.load(in);
        slave.load(in);
    }

    /** One 8259A. Names follow the Intel 8259A data sheet. */
    private static final class Chip {
        /** Inputs that ELCR may make level-triggered: never the timer, keyboard, cascade, RTC and FPU. */
        private final int levelAllowed;

        private int inputs;
        private int requests;
        private int inService;
        private int mask;
        private int level;
        private int vectorBase;
        private int lowestPriority;
        private int initStep;
        private boolean expectIcw4;
        private boolean single;
        private boolean autoEoi;
        private boolean rotateOnAutoEoi;
        private boolean specialMask;
        private boolean specialFullyNested;
        private boolean readInService;
        private boolean poll;

        Chip(int levelAllowed) {
            this.levelAllowed = levelAllowed;
            reset();
        }

        void reset() {
            clear();
            inputs = 0;
            level = 0;
            vectorBase = 0;
            mask = 0xFF; // power-on state is undefined; nothing must arrive before software sets the chip up
        }

        private void clear() {
            requests = 0;
            inService = 0;
            mask = 0;
            lowestPriority = 7;
            initStep = 0;
            expectIcw4 = false;
            single = false;
            autoEoi = false;
            rotateOnAutoEoi = false;
            specialMask = false;
            specialFullyNested = false;
            readInService = false;
            poll = false;
        }

        void setInput(int irq, boolean asserted) {
            int bit = 1 << irq;
            if (asserted) {
                if ((level & bit) != 0 || (inputs & bit) == 0) {
                    requests |= bit;
                }
                inputs |= bit;
            } else {
                inputs &= ~bit;
                // A level goes away with its input. An edge stays latched: devices of this board may pulse.
                requests &= ~(bit & level);
            }
        }

        /** The input to be served now, or -1. */
        int highest() {
            int candidates = requests & ~mask;
            if (candidates == 0) {
                return -1;
            }
            for (int i = 1; i <= 8; i++) {
                int irq = lowestPriority + i & 7;
                int bit = 1 << irq;
                if ((inService & bit) != 0 && !(specialMask && (mask & bit) != 0)) {
                    // In special fully nested mode the slave may interrupt again while one of its own is served.
                    return specialFullyNested && irq == CASCADE && (candidates & bit) != 0 ? irq : -1;
                }
                if ((candidates & bit) != 0) {
                    return irq;
                }
            }
            return -1;
        }

        void acknowledge(int irq) {
            int bit = 1 << irq;
            if ((level & bit) == 0) {
                requests &= ~bit;
            }
            if (autoEoi) {
                if (rotateOnAutoEoi) {
                    lowestPriority = irq;
                }
            } else {
                inService |= bit;
            }
        }

        int takePoll() {
            poll = false;
            int irq = highest();
            if (irq < 0) {
                return 0;
            }
            acknowledge(irq);
            return 0x80 | irq;
        }

        int readStatus() {
            return readInService ? inService : requests;
        }

        void writeCommand(int value) {
            if ((value & 0x10) != 0) {
                int held = inputs;
                clear();
                inputs = held;
                requests = held & level;
                expectIcw4 = (value & 1) != 0;
                single = (value & 2) != 0;
                initStep = 2;
            } else if ((value & 0x08) != 0) {
                poll = (value & 0x04) != 0;
                if ((value & 0x02) != 0) {
                    readInService = (value & 1) != 0;
                }
                if ((value & 0x40) != 0) {
                    specialMask = (value & 0x20) != 0;
                }
            } else {
                endOfInterrupt(value >> 5, value & 7);
            }
        }

        private void endOfInterrupt(int command, int irq) {
            switch (command) {
                case 0, 4 -> rotateOnAutoEoi = command == 4;
                case 1, 5 -> {
                    int served = highestInService();
                    if (served >= 0) {
                        inService &= ~(1 << served);
                        if (command == 5) {
                            lowestPriority = served;
                        }
                    }
                }
                case 3, 7 -> {
                    inService &= ~(1 << irq);
                    if (command == 7) {
                        lowestPriority = irq;
                    }
                }
                case 6 -> lowestPriority = irq;
                default -> {} // 2: no operation
            }
        }

        private int highestInService() {
            for (int i = 1; i <= 8; i++) {
                int irq = lowestPriority + i & 7;
                if ((inService & 1 << irq) != 0 && !(specialMask && (mask & 1 << irq) != 0)) {
                    return irq;
                }
            }
            return -1;
        }

        void writeData(int value) {
            switch (initStep) {
                case 2 -> {
                    vectorBase = value & 0xF8;
                    initStep = single ? (expectIcw4 ? 4 : 0) : 3;
                }
                case 3 -> initStep = expectIcw4 ? 4 : 0;
                case 4 -> {
                    specialFullyNested = (value & 0x10) != 0;
                    autoEoi = (value & 2) != 0;
                    initStep = 0;
                }
                default -> mask = value;
            }
        }

        void save(StateWriter out) {
            out.u8(inputs).u8(requests).u8(inService).u8(mask).u8(level).u8(vectorBase);
            out.u8(lowestPriority).u8(initStep).bool(expectIcw4).bool(single).bool(autoEoi);
            out.bool(rotateOnAutoEoi).bool(specialMask).bool(specialFullyNested).bool(readInService);
            out.bool(poll);
        }

        void load(StateReader in) {
            inputs = in.u8();
            requests = in.u8();
            inService = in.u8();
            mask = in.u8();
            level = in.u8() & levelAllowed;
            vectorBase = in.u8() & 0xF8;
            lowestPriority = in.u8() & 7;
            initStep = in.u8();
            expectIcw4 = in.bool();
            single = in.bool();
            autoEoi = in.bool();
            rotateOnAutoEoi = in.bool();
            specialMask = in.bool();
            specialFullyNested = in.bool();
            readInService = in.bool();
            poll = in.bool();
        }
    }
}
