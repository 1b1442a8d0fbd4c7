package oriel.hypervisor.device.input;

import oriel.hypervisor.bus.Device;
import oriel.hypervisor.bus.InterruptLine;
import oriel.hypervisor.bus.IoBus;
import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;
import oriel.hypervisor.device.chipset.BytePorts;
import oriel.hypervisor.device.chipset.PowerControl;

/**
 * The keyboard controller of a PS/2 machine (ports 60H and 64H, interrupts 1 and 12) with translation from scan code set
 * 2 to 1. Confined to the machine's thread.
 */
public final class I8042 implements Device, BytePorts {
    private static final int DATA = 0x60, COMMAND = 0x64;
    private static final int STATUS_OUTPUT = 1, STATUS_SYSTEM = 4, STATUS_COMMAND = 8, STATUS_UNLOCKED = 0x10;
    private static final int STATUS_AUX = 0x20;

    private static final int KEYBOARD_INTERRUPT = 1, AUX_INTERRUPT = 2, SYSTEM = 4;
    private static final int KEYBOARD_DISABLED = 0x10, AUX_DISABLED = 0x20, TRANSLATE = 0x40;

    /** Where the byte in the output buffer came from. */
    private static final int NOBODY = 0, CONTROLLER = 1, KEYBOARD = 2, AUX = 3;

    private static final int OUTPUT_PORT_RESET = 1, OUTPUT_PORT_A20 = 2;

    private final InterruptLine irq1;
    private final InterruptLine irq12;
    private final PowerControl power;
    private final Ps2Keyboard keyboard;
    private final Ps2Mouse mouse;
    private final byte[] memory = new byte[32];

    private int output;
    private int outputFrom;

    /** The controller command that waits for a byte at port 60H, or 0. */
    private int command;

    private boolean lastWasCommand;
    private int outputPort;

    /** An F0 of set 2 was swallowed: the next translated byte is a release. */
    private boolean releasePrefix;

    /** A controller with its two devices; a guest resets the machine through {@code power}. */
    public I8042(InterruptLine irq1, InterruptLine irq12, PowerControl power, Ps2Keyboard keyboard, Ps2Mouse mouse) {
        this.irq1 = irq1;
        this.irq12 = irq12;
        this.power = power;
        this.keyboard = keyboard;
        this.mouse = mouse;
        keyboard.onReady(this::load);
        mouse.onReady(this::load);
        reset();
    }

    /** Connects the registers. */
    public void attach(IoBus bus) {
        bus.addPorts(DATA, 1, this);
        bus.addPorts(COMMAND, 1, this);
    }

    @Override
    public String name() {
        return "i8042";
    }

    /** {@inheritDoc} As firmware leaves it: both devices enabled, interrupts and translation on. */
    @Override
    public void reset() {
        java.util.Arrays.fill(memory, (byte) 0);
        memory[0] = KEYBOARD_INTERRUPT | AUX_INTERRUPT | SYSTEM | TRANSLATE;
        output = 0;
        outputFrom = NOBODY;
        command = 0;
        lastWasCommand = false;
        outputPort = OUTPUT_PORT_RESET | OUTPUT_PORT_A20;
        releasePrefix = false;
        keyboard.reset();
        mouse.reset();
        drive();
    }

    private boolean mode(int bit) {
        return (memory[0] & bit) != 0;
    }

    // ---- Output buffer

    /** Fills an empty output buffer from the devices. */
    private void load() {
        if (outputFrom == NOBODY && !mode(KEYBOARD_DISABLED)) {
            int value = nextFromKeyboard();
            if (value >= 0) {
                put(value, KEYBOARD);
            }
        }
        if (outputFrom == NOBODY && !mode(AUX_DISABLED)) {
            int value = mouse.take();
            if (value >= 0) {
                put(value, AUX);
            }
        }
    }

    private int nextFromKeyboard() {
        while (true) {
            int value = keyboard.take();
            if (value < 0 || !mode(TRANSLATE)) {
                return value;
            }
            if (value == 0xF0) {
                releasePrefix = true;
                continue;
            }
            int translated = ScanCodes.translate(value) | (releasePrefix ? 0x80 : 0);
            releasePrefix = false;
            return translated;
        }
    }

    private void put(int value, int from) {
        output = value;
        outputFrom = from;
        drive();
    }

    private void drive() {
        boolean aux = outputFrom == AUX;
        boolean other = outputFrom == KEYBOARD || outputFrom == CONTROLLER;
        irq1.set(other && mode(KEYBOARD_INTERRUPT));
        irq12.set(aux && mode(AUX_INTERRUPT));
    }

    @Override
    public int readByte(int port) {
        return switch (port) {
            case DATA -> {
                int value = output;
                outputFrom = NOBODY;
                drive();
                load();
                yield value;
            }
            case COMMAND ->
                (outputFrom == NOBODY ? 0 : STATUS_OUTPUT)
                        | (outputFrom == AUX ? STATUS_AUX : 0)
                        | (mode(SYSTEM) ? STATUS_SYSTEM : 0)
                        | (lastWasCommand ? STATUS_COMMAND : 0)
                        | STATUS_UNLOCKED;
            default -> 0xFF;
        };
    }

    @Override
    public void writeByte(int port, int value) {
        if (port == COMMAND) {
            lastWasCommand = true;
            command = 0;
            controllerCommand(value);
        } else if (port == DATA) {
            lastWasCommand = false;
            int waiting = command;
            command = 0;
            data(waiting, value);
        }
        drive();
        load();
    }

    private void controllerCommand(int value) {
        switch (value) {
            case 0xA7 -> memory[0] |= AUX_DISABLED;
            case 0xA8 -> memory[0] &= ~AUX_DISABLED;
            case 0xA9, 0xAB -> put(0, CONTROLLER); // interface tests: no error
            case 0xAA -> {
                memory[0] |= SYSTEM;
                put(0x55, CONTROLLER);
            }
            case 0xAD -> memory[0] |= KEYBOARD_DISABLED;
            case 0xAE -> memory[0] &= ~KEYBOARD_DISABLED;
            case 0xC0 -> put(0x80, CONTROLLER); // input port: keyboard not locked
            case 0xD0 -> put(outputPort(), CONTROLLER);
            case 0xD1, 0xD2, 0xD3, 0xD4 -> command = value;
            case 0xDD -> outputPort &= ~OUTPUT_PORT_A20;
            case 0xDF -> outputPort |= OUTPUT_PORT_A20;
            default -> {
                if (value >= 0x20 && value < 0x40) {
                    put(memory[value - 0x20] & 0xFF, CONTROLLER);
                } else if (value >= 0x60 && value < 0x80) {
                    command = value;
                } else if (value >= 0xF0 && (value & 1) == 0) {
                    power.reset(); // pulse output line 0, which is the processor's reset
                }
            }
        }
    }

    private int outputPort() {
        return outputPort | (outputFrom == KEYBOARD ? 0x10 : 0) | (outputFrom == AUX ? 0x20 : 0);
    }

    private void data(int waiting, int value) {
        switch (waiting) {
            case 0 -> {
                memory[0] &= ~KEYBOARD_DISABLED; // sending to the keyboard switches its clock on again
                keyboard.receive(value);
            }
            case 0xD1 -> {
                outputPort = value & 3;
                if ((value & OUTPUT_PORT_RESET) == 0) {
                    power.reset();
                }
            }
            case 0xD2 -> put(value, KEYBOARD);
            case 0xD3 -> put(value, AUX);
            case 0xD4 -> {
                memory[0] &= ~AUX_DISABLED;
                mouse.receive(value);
            }
            default -> memory[waiting - 0x60] = (byte) value;
        }
    }

    @Override
    public void save(StateWriter out) {
        out.version(1).blob(memory).u8(output).u8(outputFrom).u8(command).bool(lastWasCommand);
        out.u8(outputPort).bool(releasePrefix);
        keyboard.save(out);
        mouse.save(out);
    }

    @Override
    public void load(StateReader in) {
        in.version(1);
        byte[] saved = in.blob();
        System.arraycopy(saved, 0, memory, 0, Math.min(saved.length, memory.length));
        output = in.u8();
        outputFrom = in.u8() & 3;
        command = in.u8();
        if (command < 0x60 || command >= 0x80 && command < 0xD1 || command > 0xD4) {
            command = 0;
        }
        lastWasCommand = in.bool();
        outputPort = in.u8();
        releasePrefix = in.bool();
        keyboard.load(in);
        mouse.load(in);
    }
}
