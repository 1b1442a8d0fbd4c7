package oriel.hypervisor.firmware;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AcpiTablesTest {
    private final byte[] image = AcpiTables.image(4, true);
    private final ByteBuffer tables = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);

    private static int sum(byte[] bytes, int from, int length) {
        int sum = 0;
        for (int i = from; i < from + length; i++) {
            sum += bytes[i];
        }
        return sum & 0xFF;
    }

    private static int offset(long address) {
        return (int) (address - AcpiTables.BASE);
    }

    /** Offset of the table that the XSDT points to. */
    private int find(String signature) {
        int xsdt = offset(tables.getLong(24));
        for (int at = xsdt + 36; at < xsdt + tables.getInt(xsdt + 4); at += 8) {
            int table = offset(tables.getLong(at));
            if (signatureAt(table).equals(signature)) {
                return table;
            }
        }
        throw new AssertionError("no " + signature);
    }

    private String signatureAt(int at) {
        return new String(image, at, 4, StandardCharsets.US_ASCII);
    }

    private byte[] tableAt(int at) {
        return Arrays.copyOfRange(image, at, at + tables.getInt(at + 4));
    }

    private int dsdt() {
        return offset(tables.getLong(find("FACP") + 140));
    }

    @Test
    void everyCheckSumIsZero() {
        assertThat(new String(image, 0, 8, StandardCharsets.US_ASCII)).isEqualTo("RSD PTR ");
        assertThat(sum(image, 0, 20)).isZero();
        assertThat(sum(image, 0, 36)).isZero();
        List<Integer> all = new ArrayList<>(
                List.of(offset(tables.getInt(16)), offset(tables.getLong(24)), find("FACP"), find("APIC"), dsdt()));
        for (int table : all) {
            assertThat(sum(image, table, tables.getInt(table + 4)))
                    .as(signatureAt(table))
                    .isZero();
        }
    }

    @Test
    void rootTablesAgree() {
        int rsdt = offset(tables.getInt(16));
        int xsdt = offset(tables.getLong(24));
        assertThat(tables.getInt(rsdt + 36)).isEqualTo((int) tables.getLong(xsdt + 36));
        assertThat(tables.getInt(rsdt + 40)).isEqualTo((int) tables.getLong(xsdt + 44));
    }

    @Test
    void fixedHardwareIsDescribed() {
        int fadt = find("FACP");
        assertThat(tables.getInt(fadt + 56)).isEqualTo(0x600);
        assertThat(tables.getInt(fadt + 64)).isEqualTo(0x604);
        assertThat(tables.getInt(fadt + 76)).isEqualTo(0x608);
        assertThat(tables.getLong(fadt + 120)).isEqualTo(0xCF9);
        assertThat(tables.getInt(fadt + 112) & 1 << 4)
                .as("power button is fixed hardware")
                .isZero();
        assertThat(tables.getInt(fadt + 112) & 1 << 10).as("reset register").isNotZero();
        assertThat(tables.getShort(fadt + 109) & 2).as("keyboard controller").isNotZero();
        int facs = offset(tables.getInt(fadt + 36));
        assertThat(signatureAt(facs)).isEqualTo("FACS");
        assertThat(facs % 64).isZero();
    }

    @Test
    void madtListsProcessorsAndTheTimerOverride() {
        int madt = find("APIC");
        int at = madt + 44;
        List<String> entries = new ArrayList<>();
        while (at < madt + tables.getInt(madt + 4)) {
            int type = image[at];
            entries.add(
                    switch (type) {
                        case 0 -> "processor " + image[at + 3];
                        case 1 -> "ioapic " + Integer.toHexString(tables.getInt(at + 4));
                        case 2 -> "irq " + image[at + 3] + " at " + tables.getInt(at + 4);
                        default -> "type " + type;
                    });
            at += image[at + 1];
        }
        assertThat(entries)
                .containsExactly(
                        "processor 0",
                        "processor 1",
                        "processor 2",
                        "processor 3",
                        "ioapic fec00000",
                        "irq 0 at 2",
                        "irq 9 at 9",
                        "type 4");
    }

    @Test
    void fitsBelowOneMebibyteWithAnyNumberOfProcessors() {
        assertThat(AcpiTables.image(64, true).length).isLessThan(0x20000);
        assertThatThrownBy(() -> AcpiTables.image(0, false)).isInstanceOf(IllegalArgumentException.class);
    }

    /** Does what firmware does with the script, and looks for the same tables. */
    @Test
    void linkerScriptBuildsTheSameTablesElsewhere() {
        Map<String, byte[]> files = AcpiTables.files(2, true);
        byte[] loaded = files.get("etc/acpi/tables").clone();
        byte[] root = files.get("etc/acpi/rsdp").clone();
        int base = 0x7FE_0000;
        ByteBuffer script = ByteBuffer.wrap(files.get("etc/table-loader")).order(ByteOrder.LITTLE_ENDIAN);
        for (int at = 0; at < script.capacity(); at += 128) {
            byte[] file = name(script, at + 4).equals("etc/acpi/rsdp") ? root : loaded;
            ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
            switch (script.getInt(at)) {
                case 1 -> assertThat(script.get(at + 64)).isEqualTo((byte) (file == root ? 2 : 1));
                case 2 -> {
                    int field = script.getInt(at + 116);
                    bytes.putInt(field, bytes.getInt(field) + base);
                }
                case 3 -> {
                    int where = script.getInt(at + 60);
                    file[where] -= (byte) sum(file, script.getInt(at + 64), script.getInt(at + 68));
                }
                default -> throw new AssertionError("unknown command");
            }
        }
        assertThat(sum(root, 0, 20)).isZero();
        assertThat(sum(root, 0, 36)).isZero();
        ByteBuffer view = ByteBuffer.wrap(loaded).order(ByteOrder.LITTLE_ENDIAN);
        int xsdt = (int) (ByteBuffer.wrap(root).order(ByteOrder.LITTLE_ENDIAN).getLong(24) - base);
        List<String> found = new ArrayList<>();
        for (int at = xsdt + 36; at < xsdt + view.getInt(xsdt + 4); at += 8) {
            int table = (int) (view.getLong(at) - base);
            found.add(new String(loaded, table, 4, StandardCharsets.US_ASCII));
            assertThat(sum(loaded, table, view.getInt(table + 4))).isZero();
            if (found.getLast().equals("FACP")) {
                int dsdt = (int) (view.getLong(table + 140) - base);
                assertThat(new String(loaded, dsdt, 4, StandardCharsets.US_ASCII))
                        .isEqualTo("DSDT");
                assertThat(sum(loaded, dsdt, view.getInt(dsdt + 4))).isZero();
            }
        }
        assertThat(found).contains("FACP", "APIC");
    }

    private static String name(ByteBuffer script, int at) {
        byte[] bytes = new byte[56];
        script.get(at, bytes);
        return new String(bytes, StandardCharsets.US_ASCII).replace("\0", "");
    }

    @Test
    void packageLengthsAreEncoded() {
        assertThat(new Aml().buffer(new byte[0x3B]).toByteArray()).startsWith(0x11, 0x3E);
        assertThat(new Aml().buffer(new byte[0x40]).toByteArray()).startsWith(0x11, 0x44, 0x04);
        assertThat(new Aml().eisaId("PNP0303").toByteArray()).containsExactly(0x0C, 0x41, 0xD0, 0x03, 0x03);
    }

    @Test
    void iaslDisassemblesAndRecompilesTheDsdt(@TempDir Path directory) throws Exception {
        assumeTrue(installed("iasl"), "iasl is not installed (Debian package acpica-tools)");
        Path aml = directory.resolve("dsdt.aml");
        Files.write(aml, tableAt(dsdt()));
        assertThat(run(directory, "iasl", "-d", "dsdt.aml")).doesNotContainIgnoringCase("error");
        String source = Files.readString(directory.resolve("dsdt.dsl"));
        assertThat(source)
                .contains("PNP0A03", "PNP0501", "PNP0303", "PNP0F13", "PNP0B00", "ACPI0007", "Name (\\_S5, Package");
        assertThat(run(directory, "iasl", "-p", "again", "dsdt.dsl")).contains("0 Errors");
        for (String table : List.of("FACP", "APIC")) {
            Files.write(directory.resolve(table + ".aml"), tableAt(find(table)));
            assertThat(run(directory, "iasl", "-d", table + ".aml"))
                    .contains("Acpi Data Table [" + table + "] decoded")
                    .doesNotContainIgnoringCase("error");
        }
    }

    private static boolean installed(String program) {
        return Arrays.stream(System.getenv("PATH").split(":"))
                .anyMatch(directory -> Files.isExecutable(Path.of(directory, program)));
    }

    private static String run(Path directory, String... command) throws Exception {
        Process process = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        return output;
    }
}
