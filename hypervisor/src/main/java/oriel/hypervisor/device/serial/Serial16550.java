package oriel.hypervisor.device.serial;

import oriel.hypervisor.bus.Device;
import oriel.hypervisor.bus.InterruptLine;
import oriel.hypervisor.bus.IoBus;
import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;
import oriel.hypervisor.device.chipset.BytePorts;

/**
 * A 16550A UART (National PC16550D data sheet). Transmission takes no time: the transmitter is always empty. Confined to
 * the machine's thread.
 */
public final class Serial16550 implements Device, BytePorts {
    /** First port of COM1. */
    public static final int COM1 = 0x3F8;

    /** Interrupt of COM1. */
    public static final int COM1_IRQ = 4;

    /** What a host may have waiting for a guest that doesn't read; more is dropped, as on a wire. */
    private static final int INPUT_CAPACITY = 1 << 16;

    private static final int IER_RECEIVED = 1, IER_TRANSMITTER = 2, IER_LINE = 4, IER_MODEM = 8;
    private static final int LSR_DATA = 1, LSR_OVERRUN = 2, LSR_BREAK = 0x10, LSR_TRANSMITTER_EMPTY = 0x60;
    private static final int LINE_ERRORS = LSR_OVERRUN | 4 | 8 | LSR_BREAK;
    private static final int MCR_DTR = 1, MCR_RTS = 2, MCR_OUT1 = 4, MCR_OUT2 = 8, MCR_LOOP = 0x10;
    private static final int MSR_CTS = 0x10, MSR_DSR = 0x20, MSR_RI = 0x40, MSR_DCD = 0x80;
    private static final int DLAB = 0x80;

    private final String name;
    private final int base;
    private final InterruptLine irq;
    private final ByteSink output;

    private final byte[] input = new byte[INPUT_CAPACITY];
    private int inputHead;
    private int inputCount;

    private int interruptEnable;
    private int lineControl;
    private int modemControl;
    private int modemDelta;
    private int modemSeen;
    private int scratch;
    private int divisor;
    private int lineErrors;
    private boolean fifo;
    private int trigger;
    private boolean transmitterInterrupt;

    /**
     * A port.
     *
     * @param name as in {@link Device#name}: "serial.0"
     * @param base first of its 8 ports
     */
    public Serial16550(String name, int base, InterruptLine irq, ByteSink output) {
        this.name = name;
        this.base = base;
        this.irq = irq;
        this.output = output;
        reset();
    }

    /** Connects the registers. */
    public void attach(IoBus bus) {
        bus.addPorts(base, 8, this);
    }

    /**
     * Bytes from the host to the guest.
     *
     * @return how many were taken; the rest didn't fit
     */
    public int receive(byte[] bytes, int offset, int length) {
        int taken = Math.min(length, INPUT_CAPACITY - inputCount);
        for (int i = 0; i < taken; i++) {
            enqueue(bytes[offset + i]);
        }
        update();
        return taken;
    }

    private void enqueue(byte value) {
        input[inputHead + inputCount & INPUT_CAPACITY - 1] = value;
        inputCount++;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public void reset() {
        inputHead = 0;
        inputCount = 0;
        interruptEnable = 0;
        lineControl = 0;
        modemControl = 0;
        modemDelta = 0;
        scratch = 0;
        divisor = 12; // 9600 baud
        lineErrors = 0;
        fifo = false;
        trigger = 1;
        transmitterInterrupt = false;
        modemSeen = modemLines();
        update();
    }

    @Override
    public int readByte(int port) {
        boolean divisorAccess = (lineControl & DLAB) != 0;
        return switch (port - base) {
            case 0 -> divisorAccess ? divisor & 0xFF : readData();
            case 1 -> divisorAccess ? divisor >> 8 : interruptEnable;
            case 2 -> readIdentification();
            case 3 -> lineControl;
            case 4 -> modemControl;
            case 5 -> readLineStatus();
            case 6 -> readModemStatus();
            case 7 -> scratch;
            default -> 0xFF;
        };
    }

    @Override
    public void writeByte(int port, int value) {
        boolean divisorAccess = (lineControl & DLAB) != 0;
        switch (port - base) {
            case 0 -> {
                if (divisorAccess) {
                    divisor = divisor & 0xFF00 | value;
                } else {
                    transmit(value);
                }
            }
            case 1 -> {
                if (divisorAccess) {
                    divisor = divisor & 0xFF | value << 8;
                } else {
                    // Enabling the interrupt while the transmitter is empty interrupts at once; Linux tests for it.
                    if ((value & ~interruptEnable & IER_TRANSMITTER) != 0) {
                        transmitterInterrupt = true;
                    }
                    interruptEnable = value & 0x0F;
                }
            }
            case 2 -> writeFifoControl(value);
            case 3 -> lineControl = value;
            case 4 -> {
                modemControl = value & 0x1F;
                noteModemLines();
            }
            case 7 -> scratch = value;
            default -> {} // line and modem status are read-only
        }
        update();
    }

    private boolean loopback() {
        return (modemControl & MCR_LOOP) != 0;
    }

    private void transmit(int value) {
        if (loopback()) {
            if (inputCount >= (fifo ? 16 : 1)) {
                lineErrors |= LSR_OVERRUN;
            } else {
                enqueue((byte) value);
            }
        } else {
            output.accept(value);
        }
        transmitterInterrupt = true;
    }

    private int readData() {
        if (inputCount == 0) {
            return 0;
        }
        int value = input[inputHead] & 0xFF;
        inputHead = inputHead + 1 & INPUT_CAPACITY - 1;
        inputCount--;
        update();
        return value;
    }

    private void writeFifoControl(int value) {
        boolean enable = (value & 1) != 0;
        if (enable != fifo || (value & 2) != 0) {
            inputCount = 0;
            lineErrors = 0;
        }
        fifo = enable;
        trigger = !enable
                ? 1
                : switch (value >> 6) {
                    case 0 -> 1;
                    case 1 -> 4;
                    case 2 -> 8;
                    default -> 14;
                };
        if ((value & 4) != 0) {
            transmitterInterrupt = true;
        }
    }

    /** IIR without the FIFO bits; 1: nothing pending. In order of priority. */
    private int identification() {
        if ((interruptEnable & IER_LINE) != 0 && lineErrors != 0) {
            return 6;
        }
        if ((interruptEnable & IER_RECEIVED) != 0 && inputCount > 0) {
            return inputCount >= trigger ? 4 : 0xC; // below the trigger level: character timeout, which is now
        }
        if ((interruptEnable & IER_TRANSMITTER) != 0 && transmitterInterrupt) {
            return 2;
        }
        if ((interruptEnable & IER_MODEM) != 0 && modemDelta != 0) {
            return 0;
        }
        return 1;
    }

    private int readIdentification() {
        int value = identification();
        if (value == 2) {
            transmitterInterrupt = false;
            update();
        }
        return value | (fifo ? 0xC0 : 0);
    }

    private int readLineStatus() {
        int value = LSR_TRANSMITTER_EMPTY | lineErrors | (inputCount > 0 ? LSR_DATA : 0);
        lineErrors = 0;
        update();
        return value;
    }

    /** CTS, DSR, RI, DCD: a terminal that is always there, or in loopback the port's own outputs. */
    private int modemLines() {
        if (!loopback()) {
            return MSR_CTS | MSR_DSR | MSR_DCD;
        }
        return ((modemControl & MCR_RTS) != 0 ? MSR_CTS : 0)
                | ((modemControl & MCR_DTR) != 0 ? MSR_DSR : 0)
                | ((modemControl & MCR_OUT1) != 0 ? MSR_RI : 0)
                | ((modemControl & MCR_OUT2) != 0 ? MSR_DCD : 0);
    }

    private void noteModemLines() {
        int lines = modemLines();
        int changed = lines ^ modemSeen;
        // The RI delta is of the trailing edge only.
        modemDelta |= changed >> 4 & 0xB | ((changed & MSR_RI) != 0 && (lines & MSR_RI) == 0 ? 4 : 0);
        modemSeen = lines;
    }

    private int readModemStatus() {
        int value = modemLines() | modemDelta;
        modemDelta = 0;
        update();
        return value;
    }

    private void update() {
        // OUT2 gates the interrupt on a PC; in loopback the pin is high, but drivers test interrupts that way.
        irq.set(identification() != 1 && ((modemControl & MCR_OUT2) != 0 || loopback()));
    }

    @Override
    public void save(StateWriter out) {
        byte[] waiting = new byte[inputCount];
        for (int i = 0; i < inputCount; i++) {
            waiting[i] = input[inputHead + i & INPUT_CAPACITY - 1];
        }
        out.version(1)
                .blob(waiting)
                .u8(interruptEnable)
                .u8(lineControl)
                .u8(modemControl)
                .u8(modemDelta);
        out.u8(modemSeen)
                .u8(scratch)
                .u16(divisor)
                .u8(lineErrors)
                .bool(fifo)
                .u8(trigger)
                .bool(transmitterInterrupt);
    }

    @Override
    public void load(StateReader in) {
        in.version(1);
        byte[] waiting = in.blob();
        inputHead = 0;
        inputCount = Math.min(waiting.length, INPUT_CAPACITY);
        System.arraycopy(waiting, 0, input, 0, inputCount);
        interruptEnable = in.u8() & 0x0F;
        lineControl = in.u8();
        modemControl = in.u8() & 0x1F;
        modemDelta = in.u8() & 0x0F;
        modemSeen = in.u8();
        scratch = in.u8();
        divisor = in.u16();
        lineErrors = in.u8() & LINE_ERRORS;
        fifo = in.bool();
        trigger = in.u8();
        transmitterInterrupt = in.bool();
    }
}
