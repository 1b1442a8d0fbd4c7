package oriel.hypervisor.firmware;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.zip.GZIPOutputStream;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.XZOutputStream;

/** Small kernels of the right shape. */
final class TestKernels {
    static final long TEXT = 0x100_0000, DATA = 0x120_0000;

    enum Packing {
        NONE,
        GZIP,
        XZ,
        UNKNOWN
    }

    private TestKernels() {}

    /** An ELF with text "text" at 16 MiB and data "data", followed by 4 KiB of zeros, at 18 MiB. */
    static byte[] elf() {
        ByteBuffer elf = ByteBuffer.allocate(0x3000).order(ByteOrder.LITTLE_ENDIAN);
        elf.put(new byte[] {0x7F, 'E', 'L', 'F', 2, 1, 1});
        elf.putShort(16, (short) 2).putShort(18, (short) 62).putLong(24, TEXT).putLong(32, 64);
        elf.putShort(54, (short) 56).putShort(56, (short) 2);
        segment(elf, 64, 0x1000, TEXT, 4, 4);
        segment(elf, 120, 0x2000, DATA, 4, 4 + 4096);
        elf.position(0x1000);
        elf.put(new byte[] {'t', 'e', 'x', 't'});
        elf.position(0x2000);
        elf.put(new byte[] {'d', 'a', 't', 'a'});
        return elf.array();
    }

    private static void segment(ByteBuffer elf, int at, long offset, long physical, long fileSize, long memorySize) {
        elf.putInt(at, 1).putLong(at + 8, offset).putLong(at + 24, physical);
        elf.putLong(at + 32, fileSize).putLong(at + 40, memorySize);
    }

    static byte[] bzImage(Packing packing) {
        byte[] payload = pack(packing, elf());
        ByteBuffer file = ByteBuffer.allocate(0x600 + 0x400 + payload.length).order(ByteOrder.LITTLE_ENDIAN);
        file.put(0x1F1, (byte) 2); // setup sectors: protected mode from 0x600
        file.putShort(0x1FE, (short) 0xAA55);
        file.put(0x200, (byte) 0xEB).put(0x201, (byte) 0x6A);
        file.putInt(0x202, 0x5372_6448).putShort(0x206, (short) 0x20F).put(0x211, (byte) 1);
        file.putInt(0x22C, 0x7FFF_FFFF).putInt(0x230, 0x20_0000).put(0x234, (byte) 1);
        file.putShort(0x236, (short) 1).putInt(0x238, 2047);
        file.putInt(0x248, 0x400).putInt(0x24C, payload.length);
        file.putLong(0x258, TEXT).putInt(0x260, 0x40_0000);
        byte[] whole = file.array();
        Arrays.fill(whole, 0x600, 0xA00, (byte) 0x90);
        System.arraycopy(payload, 0, whole, 0xA00, payload.length);
        return whole;
    }

    private static byte[] pack(Packing packing, byte[] elf) {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (OutputStream out = switch (packing) {
            case NONE, UNKNOWN -> packed;
            case GZIP -> new GZIPOutputStream(packed);
            case XZ -> new XZOutputStream(packed, new LZMA2Options(1));
        }) {
            out.write(packing == Packing.UNKNOWN ? new byte[64] : elf);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        byte[] size = new byte[4];
        ByteBuffer.wrap(size).order(ByteOrder.LITTLE_ENDIAN).putInt(elf.length);
        packed.writeBytes(size);
        return packed.toByteArray();
    }
}
