package oriel.hypervisor.device.pci;

import java.util.Arrays;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;
import oriel.hypervisor.bus.InterruptLine;
import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;

/**
 * The PCI to ISA bridge, an Intel PIIX3: its four PIRQ route registers (60H–63H) let firmware lead PCI interrupts to the
 * 8259 pair, for systems that don't use the I/O APIC. PIRQ A–D are {@code (slot + pin − 1) mod 4}.
 */
public final class IsaBridge extends PciFunction {
    /** How many PIRQ lines there are. */
    public static final int PIRQS = 4;

    private static final int ROUTES = 0x60;
    private static final int DISABLED = 0x80;

    /** IRQs that a PIRQ can be led to (PIIX3 data sheet, PIRQRC): 3–7, 9–12, 14, 15. */
    private static final int ROUTABLE = 0xDEF8;

    private final @Nullable InterruptLine[] lines = new InterruptLine[PIRQS * 16];
    private final boolean[] asserted = new boolean[PciBus.GSIS];

    /**
     * A bridge.
     *
     * @param isa gives a new line of an ISA interrupt; asked for each that a PIRQ can be led to, {@value #PIRQS} times
     */
    public IsaBridge(IntFunction<InterruptLine> isa) {
        super("pci.isa", new PciIdentity(0x8086, 0x7000, 0x060100, 0, 0x1AF4, 0x1100, false));
        allowWrites(ROUTES, 4, 0x8F8F_8F8F);
        for (int pirq = 0; pirq < PIRQS; pirq++) {
            for (int irq = 0; irq < 16; irq++) {
                if ((ROUTABLE >> irq & 1) != 0) {
                    lines[pirq * 16 + irq] = isa.apply(irq);
                }
            }
        }
    }

    /**
     * Sets the level of a PCI interrupt.
     *
     * @param gsi 16–23, as {@link PciBus#gsi} gives it; two share a PIRQ
     */
    public void set(int gsi, boolean on) {
        asserted[gsi - PciBus.FIRST_GSI] = on;
        drive(pirq(gsi - PciBus.FIRST_GSI));
    }

    private static int pirq(int line) {
        return line - 1 & PIRQS - 1;
    }

    private boolean pending(int pirq) {
        for (int line = 0; line < asserted.length; line++) {
            if (asserted[line] && pirq(line) == pirq) {
                return true;
            }
        }
        return false;
    }

    private void drive(int pirq) {
        int route = configRegister(ROUTES + pirq, 1);
        boolean pending = pending(pirq);
        for (int irq = 0; irq < 16; irq++) {
            InterruptLine line = lines[pirq * 16 + irq];
            if (line != null) {
                line.set(pending && (route & DISABLED) == 0 && (route & 0xF) == irq);
            }
        }
    }

    private void driveAll() {
        for (int pirq = 0; pirq < PIRQS; pirq++) {
            drive(pirq);
        }
    }

    @Override
    protected void configWritten(int offset, int size) {
        if (offset < ROUTES + PIRQS && offset + size > ROUTES) {
            driveAll();
        }
    }

    @Override
    public void reset() {
        super.reset();
        Arrays.fill(asserted, false);
        for (int pirq = 0; pirq < PIRQS; pirq++) {
            setConfigRegister(ROUTES + pirq, 1, DISABLED);
        }
        driveAll();
    }

    @Override
    protected void saveFunction(StateWriter out) {
        out.version(1);
        for (boolean line : asserted) {
            out.bool(line);
        }
    }

    @Override
    protected void loadFunction(StateReader in) {
        in.version(1);
        for (int line = 0; line < asserted.length; line++) {
            asserted[line] = in.bool();
        }
        driveAll();
    }
}
