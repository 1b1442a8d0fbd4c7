package oriel.hypervisor.device.chipset;

import oriel.hypervisor.bus.Device;
import oriel.hypervisor.bus.InterruptLine;
import oriel.hypervisor.bus.IoBus;
import oriel.hypervisor.bus.MachineClock;
import oriel.hypervisor.bus.PortIo;
import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;

/**
 * ACPI fixed hardware (ACPI 6.5 §4.8.3): PM1a event and control blocks, the power management timer, the fixed power
 * button, sixteen general purpose events, and the SCI. Always in ACPI mode; there is no SMI command port.
 */
public final class AcpiPm implements Device, PortIo {
    /** First port of the PM1a event block; control is at + 4, the timer at + 8, general purpose events at + 12. */
    public static final int BASE = 0x600;

    /** The interrupt of the SCI: level, active high. */
    public static final int SCI_IRQ = 9;

    /** SLP_TYP of S5, as the DSDT's \_S5 says. */
    public static final int S5 = 5;

    private static final Ticks TIMER = new Ticks(3_579_545);
    private static final int TIMER_STATUS = 1, POWER_BUTTON = 1 << 8;
    private static final int STATUS_BITS = TIMER_STATUS | 1 << 5 | POWER_BUTTON | 1 << 9 | 1 << 10 | 1 << 15;
    private static final int ENABLE_BITS = TIMER_STATUS | 1 << 5 | POWER_BUTTON | 1 << 9 | 1 << 10;
    private static final int SCI_ENABLE = 1, SLEEP_ENABLE = 1 << 13;

    /** TMR_STS is set when this bit of the timer changes. */
    private static final int TIMER_CARRY_SHIFT = 23;

    private final MachineClock clock;
    private final InterruptLine sci;
    private final PowerControl power;
    private final MachineClock.Timer carry;
    private int status;
    private int enable;
    private int control = SCI_ENABLE;
    private int eventStatus;
    private int eventEnable;
    private long carrySeen;

    /** Power management; {@code sci} is interrupt {@value #SCI_IRQ}. */
    public AcpiPm(MachineClock clock, InterruptLine sci, PowerControl power) {
        this.clock = clock;
        this.sci = sci;
        this.power = power;
        this.carry = clock.newTimer("acpi-pm", this::update);
    }

    /** Connects the registers. */
    public void attach(IoBus bus) {
        bus.addPorts(BASE, 16, this);
    }

    /** Somebody presses the power button: the guest is asked to shut down. */
    public void pressPowerButton() {
        status |= POWER_BUTTON;
        update();
    }

    /** A general purpose event, 0–15, which the DSDT has a method for. */
    void raise(int event) {
        eventStatus |= 1 << event;
        update();
    }

    @Override
    public String name() {
        return "acpi-pm";
    }

    @Override
    public void reset() {
        status = 0;
        enable = 0;
        control = SCI_ENABLE;
        eventStatus = 0;
        eventEnable = 0;
        carrySeen = carries();
        update();
    }

    private long timer() {
        return TIMER.at(clock.nanos());
    }

    private long carries() {
        return timer() >> TIMER_CARRY_SHIFT;
    }

    private void update() {
        if (carries() != carrySeen) {
            carrySeen = carries();
            status |= TIMER_STATUS;
        }
        sci.set((status & enable | eventStatus & eventEnable) != 0);
        if ((enable & TIMER_STATUS) != 0) {
            carry.armAt(TIMER.nanosOf(carries() + 1 << TIMER_CARRY_SHIFT));
        } else {
            carry.cancel();
        }
    }

    @Override
    public int readPort(int port, int size) {
        update();
        long registers = switch (port - BASE & ~3) {
            case 0 -> status | enable << 16;
            case 4 -> control;
            case 12 -> eventStatus | eventEnable << 16;
            default -> timer() & 0xFF_FFFF; // 24 bits, as TMR_VAL_EXT = 0 says
        };
        int value = (int) (registers >>> (8 * (port & 3)));
        return size == 4 ? value : value & (1 << 8 * size) - 1;
    }

    @Override
    public void writePort(int port, int size, int value) {
        for (int i = 0; i < size; i++) {
            writeByte(port - BASE + i, value >>> (8 * i) & 0xFF);
        }
        update();
    }

    private void writeByte(int offset, int value) {
        switch (offset) {
            case 0, 1 -> {
                update();
                status &= ~(value << (8 * offset) & STATUS_BITS); // write 1 to clear
            }
            case 2, 3 -> {
                int shift = 8 * (offset - 2);
                enable = (enable & ~(0xFF << shift) | value << shift) & ENABLE_BITS;
            }
            case 4 -> control = control & 0xFF00 | value & 2 | SCI_ENABLE;
            case 5 -> {
                control = control & 0xFF | value << 8 & 0x1C00; // SLP_EN reads as 0
                if ((value << 8 & SLEEP_ENABLE) != 0 && (control >> 10 & 7) == S5) {
                    power.powerOff();
                }
            }
            case 12, 13 -> eventStatus &= ~(value << (8 * (offset - 12)));
            case 14, 15 -> {
                int shift = 8 * (offset - 14);
                eventEnable = eventEnable & ~(0xFF << shift) | value << shift;
            }
            default -> {} // the timer is read-only
        }
    }

    @Override
    public void save(StateWriter out) {
        out.version(2).u16(status).u16(enable).u16(control).i64(carrySeen);
        out.u16(eventStatus).u16(eventEnable);
    }

    @Override
    public void load(StateReader in) {
        int version = in.version(2);
        status = in.u16() & STATUS_BITS;
        enable = in.u16() & ENABLE_BITS;
        control = in.u16();
        carrySeen = in.i64();
        eventStatus = version >= 2 ? in.u16() : 0;
        eventEnable = version >= 2 ? in.u16() : 0;
        update();
    }
}
