package oriel.hypervisor.device.chipset;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import oriel.hypervisor.bus.Device;
import oriel.hypervisor.bus.IoBus;
import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;

/**
 * The port by which SeaBIOS says what it does (402H); it writes there only if the port reads as E9H. Lines go to the log
 * at level debug, shortened if the guest never ends them.
 */
public final class FirmwareLog implements Device, BytePorts {
    private static final Logger LOG = LoggerFactory.getLogger(FirmwareLog.class);
    private static final int PORT = 0x402;
    private static final int PRESENT = 0xE9;
    private static final int LONGEST_LINE = 256;

    private final String machine;
    private final StringBuilder line = new StringBuilder();

    /** For the machine of this name. */
    public FirmwareLog(String machine) {
        this.machine = machine;
    }

    /** Connects the register. */
    public void attach(IoBus bus) {
        bus.addPorts(PORT, 1, this);
    }

    @Override
    public int readByte(int port) {
        return port == PORT ? PRESENT : 0xFF;
    }

    @Override
    public void writeByte(int port, int value) {
        if (port != PORT) {
            return;
        }
        if (value == '\n' || line.length() == LONGEST_LINE) {
            LOG.debug("machine {}: {}", machine, line);
            line.setLength(0);
        }
        if (value >= ' ' && value < 0x7F) {
            line.append((char) value);
        }
    }

    @Override
    public String name() {
        return "firmware-log";
    }

    @Override
    public void reset() {
        line.setLength(0);
    }

    @Override
    public void save(StateWriter out) {
        out.version(1);
    }

    @Override
    public void load(StateReader in) {
        in.version(1);
    }
}
