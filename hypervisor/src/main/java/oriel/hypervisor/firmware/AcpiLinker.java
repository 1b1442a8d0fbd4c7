package oriel.hypervisor.firmware;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/**
 * A script by which firmware loads files of the firmware configuration device and links them: commands of 128 bytes each
 * (QEMU {@code hw/acpi/bios-linker-loader.c}, SeaBIOS {@code src/fw/romfile_loader.h}).
 */
final class AcpiLinker {
    /** The file that firmware looks for the script in. */
    static final String FILE = "etc/table-loader";

    /** Where a file goes. */
    enum Zone {
        /** Anywhere below 4 GiB. */
        HIGH(1),
        /** The BIOS segment, F0000H–FFFFFH, where root pointers are searched for. */
        BIOS(2);

        private final int number;

        Zone(int number) {
            this.number = number;
        }
    }

    private static final int COMMAND_LENGTH = 128, NAME_LENGTH = 56;
    private static final int ALLOCATE = 1, ADD_POINTER = 2, ADD_CHECKSUM = 3;

    private final ByteArrayOutputStream script = new ByteArrayOutputStream();

    /** Loads a file. */
    AcpiLinker allocate(String file, int alignment, Zone zone) {
        return append(ALLOCATE, command -> {
            name(command, file);
            command.putInt(alignment).put((byte) zone.number);
        });
    }

    /** Adds the address of {@code target} to a little-endian field of a loaded file. */
    AcpiLinker pointer(String file, int at, int width, String target) {
        return append(ADD_POINTER, command -> {
            name(command, file);
            name(command, target);
            command.putInt(at).put((byte) width);
        });
    }

    /** Makes the bytes of a range add up to zero by changing the one at {@code at}. */
    AcpiLinker checksum(String file, int at, int start, int length) {
        return append(ADD_CHECKSUM, command -> {
            name(command, file);
            command.putInt(at).putInt(start).putInt(length);
        });
    }

    private AcpiLinker append(int number, Consumer<ByteBuffer> arguments) {
        byte[] bytes = new byte[COMMAND_LENGTH];
        ByteBuffer command = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        arguments.accept(command.putInt(number));
        script.writeBytes(bytes);
        return this;
    }

    private static void name(ByteBuffer command, String name) {
        int at = command.position();
        command.put(name.getBytes(StandardCharsets.US_ASCII)).position(at + NAME_LENGTH);
    }

    byte[] toByteArray() {
        return script.toByteArray();
    }
}
