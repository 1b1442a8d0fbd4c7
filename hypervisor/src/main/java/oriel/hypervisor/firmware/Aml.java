package oriel.hypervisor.firmware;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Writes ACPI Machine Language (ACPI 6.5 chapter 20). Every method appends one term and gives the builder back. */
final class Aml {
    private static final int ZERO = 0x00, ONE = 0x01, NAME = 0x08, BYTE = 0x0A, WORD = 0x0B, DWORD = 0x0C, QWORD = 0x0E;
    private static final int STRING = 0x0D, SCOPE = 0x10, BUFFER = 0x11, PACKAGE = 0x12, METHOD = 0x14, NOTIFY = 0x86;
    private static final int DUAL_NAME = 0x2E, EXTENDED = 0x5B, DEVICE = 0x82;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    byte[] toByteArray() {
        return out.toByteArray();
    }

    /** Scope (name) { body }. */
    Aml scope(String name, Aml body) {
        out.write(SCOPE);
        return enclosed(new Aml().path(name).append(body));
    }

    /** Device (name) { body }. */
    Aml device(String name, Aml body) {
        out.write(EXTENDED);
        out.write(DEVICE);
        return enclosed(new Aml().path(name).append(body));
    }

    /** Method (name, 0 arguments, not serialised) { body }. */
    Aml method(String name, Aml body) {
        out.write(METHOD);
        Aml declaration = new Aml().path(name);
        declaration.out.write(0);
        return enclosed(declaration.append(body));
    }

    /** Notify (scope.device, value). */
    Aml notify(String scope, String device, int value) {
        out.write(NOTIFY);
        out.write('\\');
        out.write(DUAL_NAME);
        return path(scope.substring(1)).path(device).integer(value);
    }

    /** Name (name, value), where {@code value} has appended exactly one object. */
    Aml name(String name, Aml value) {
        out.write(NAME);
        return path(name).append(value);
    }

    /** An integer in its shortest form, unsigned. */
    Aml integer(long value) {
        if (value == 0) {
            out.write(ZERO);
        } else if (value == 1) {
            out.write(ONE);
        } else if (value >>> 8 == 0) {
            out.write(BYTE);
            little(value, 1);
        } else if (value >>> 16 == 0) {
            out.write(WORD);
            little(value, 2);
        } else if (value >>> 32 == 0) {
            out.write(DWORD);
            little(value, 4);
        } else {
            out.write(QWORD);
            little(value, 8);
        }
        return this;
    }

    /** An ASCII string. */
    Aml string(String value) {
        out.write(STRING);
        out.writeBytes(value.getBytes(StandardCharsets.US_ASCII));
        out.write(0);
        return this;
    }

    /** A compressed EISA identifier such as PNP0501 (ACPI 6.5 §19.3.4). */
    Aml eisaId(String id) {
        int vendor = (id.charAt(0) - 0x40 & 31) << 10 | (id.charAt(1) - 0x40 & 31) << 5 | id.charAt(2) - 0x40 & 31;
        int product = Integer.parseInt(id.substring(3), 16);
        out.write(DWORD);
        return little(Integer.toUnsignedLong(Integer.reverseBytes(vendor << 16 | product)), 4);
    }

    /** Package () { elements }. */
    Aml packageOf(Aml... elements) {
        Aml body = new Aml();
        body.out.write(elements.length);
        for (Aml element : elements) {
            body.append(element);
        }
        out.write(PACKAGE);
        return enclosed(body);
    }

    /** Buffer () { bytes }. */
    Aml buffer(byte[] bytes) {
        Aml body = new Aml().integer(bytes.length);
        body.out.writeBytes(bytes);
        out.write(BUFFER);
        return enclosed(body);
    }

    private Aml append(Aml other) {
        out.writeBytes(other.toByteArray());
        return this;
    }

    /** PkgLength, which counts itself, and the body (ACPI 6.5 §20.2.4). */
    private Aml enclosed(Aml body) {
        byte[] bytes = body.toByteArray();
        int length = bytes.length;
        if (length + 1 < 0x40) {
            out.write(length + 1);
        } else {
            int extra = length + 2 < 0x1000 ? 1 : length + 3 < 0x10_0000 ? 2 : 3;
            int total = length + 1 + extra;
            out.write(extra << 6 | total & 0xF);
            little(total >> 4, extra);
        }
        out.writeBytes(bytes);
        return this;
    }

    /** A name of one segment, up to four characters, with a root prefix if it starts with a backslash. */
    private Aml path(String name) {
        String segment = name;
        if (name.startsWith("\\")) {
            out.write('\\');
            segment = name.substring(1);
        }
        if (segment.isEmpty() || segment.length() > 4) {
            throw new IllegalArgumentException("not an ACPI name segment: " + name);
        }
        for (int i = 0; i < 4; i++) {
            out.write(i < segment.length() ? segment.charAt(i) : '_');
        }
        return this;
    }

    private Aml little(long value, int bytes) {
        for (int i = 0; i < bytes; i++) {
            out.write((int) (value >>> (8 * i)));
        }
        return this;
    }
}
