package oriel.hypervisor.firmware;

import java.io.ByteArrayOutputStream;

/** A resource template (ACPI 6.5 §6.4): what _CRS returns. */
final class AcpiResources {
    private static final int FIXED = 0x0C; // both ends of the range are

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    /** Ports {@code base} to {@code base + length - 1}, all 16 address lines decoded. */
    AcpiResources ports(int base, int length) {
        return bytes(0x47, 1).little(base, 2).little(base, 2).bytes(1, length);
    }

    /** An edge-triggered, active-high ISA interrupt. */
    AcpiResources irq(int irq) {
        return bytes(0x22).little(1L << irq, 2);
    }

    /** PCI bus numbers that a bridge passes on. */
    AcpiResources busNumbers(int first, int last) {
        return bytes(0x88).little(13, 2).bytes(2, FIXED, 0).range(first, last, 2);
    }

    /** Ports that a bridge passes on. */
    AcpiResources portWindow(int first, int last) {
        return bytes(0x88).little(13, 2).bytes(1, FIXED, 3).range(first, last, 2);
    }

    /** Addresses below 4 GiB that a bridge passes on: uncached, writable. */
    AcpiResources memoryWindow(long first, long last) {
        return bytes(0x87).little(23, 2).bytes(0, FIXED, 1).range(first, last, 4);
    }

    private AcpiResources range(long first, long last, int width) {
        return little(0, width)
                .little(first, width)
                .little(last, width)
                .little(0, width)
                .little(last - first + 1, width);
    }

    Aml template() {
        ByteArrayOutputStream whole = new ByteArrayOutputStream();
        whole.writeBytes(out.toByteArray());
        whole.write(0x79); // end tag; check sum 0: not checked
        whole.write(0);
        return new Aml().buffer(whole.toByteArray());
    }

    private AcpiResources bytes(int... values) {
        for (int value : values) {
            out.write(value);
        }
        return this;
    }

    private AcpiResources little(long value, int width) {
        for (int i = 0; i < width; i++) {
            out.write((int) (value >>> (8 * i)));
        }
        return this;
    }
}
