package oriel.hypervisor.device.chipset;

import oriel.hypervisor.bus.Device;
import oriel.hypervisor.bus.IoBus;
import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;

/**
 * The reset register at CF9H (which the FADT announces) and system control port A at 92H. CF9H lies among the PCI
 * configuration ports: the PCI host must claim CF8H alone for its address register.
 *
 * <p>The A20 gate is a bit that reads back and does nothing: every address line is always there.
 */
public final class ResetControl implements Device, BytePorts {
    /** The reset register. */
    public static final int RESET_REGISTER = 0xCF9;

    /** What resets the machine when written to {@link #RESET_REGISTER}. */
    public static final int RESET_VALUE = 6;

    private static final int PORT_A = 0x92;

    private final PowerControl power;
    private int resetRegister;
    private int portA = 2;

    /** Reports resets to {@code power}. */
    public ResetControl(PowerControl power) {
        this.power = power;
    }

    /** Connects the registers. */
    public void attach(IoBus bus) {
        bus.addPorts(RESET_REGISTER, 1, this);
        bus.addPorts(PORT_A, 1, this);
    }

    @Override
    public int readByte(int port) {
        return switch (port) {
            case RESET_REGISTER -> resetRegister;
            case PORT_A -> portA;
            default -> 0xFF;
        };
    }

    @Override
    public void writeByte(int port, int value) {
        if (port == RESET_REGISTER) {
            boolean rises = (value & ~resetRegister & 4) != 0;
            resetRegister = value & 0x0E;
            if (rises) {
                power.reset();
            }
        } else if (port == PORT_A) {
            boolean rises = (value & ~portA & 1) != 0;
            portA = value & 3;
            if (rises) {
                power.reset();
            }
        }
    }

    @Override
    public String name() {
        return "reset-control";
    }

    @Override
    public void reset() {
        resetRegister = 0;
        portA = 2;
    }

    @Override
    public void save(StateWriter out) {
        out.version(1).u8(resetRegister).u8(portA);
    }

    @Override
    public void load(StateReader in) {
        in.version(1);
        resetRegister = in.u8() & 0x0E;
        portA = in.u8() & 3;
    }
}
