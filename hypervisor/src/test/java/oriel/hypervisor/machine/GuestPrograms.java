package oriel.hypervisor.machine;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Guests of a few bytes, in the shape of a kernel: an ELF file whose code starts in 64-bit mode. */
public final class GuestPrograms {
    private static final long ENTRY = 0x100_0000;
    private static final int CODE_OFFSET = 0x1000;

    private GuestPrograms() {}

    /** Writes a text on the serial console and sleeps. */
    public static Path writeAndSleep(Path file, String text) throws IOException {
        // hlt; jmp back
        return write(file, text, 0xF4, 0xEB, 0xFD);
    }

    /** Writes a text on the serial console and switches the machine off (ACPI S5). */
    public static Path writeAndPowerOff(Path file, String text) throws IOException {
        // mov dx, 604h; mov ax, S5 << 10 | SLP_EN; out dx, ax; hlt
        return write(file, text, 0x66, 0xBA, 0x04, 0x06, 0x66, 0xB8, 0x00, 0x34, 0x66, 0xEF, 0xF4);
    }

    /**
     * Counts in memory for ever, and writes each count (modulo 256) on the serial console: what comes out tells exactly
     * where the guest is.
     */
    public static Path count(Path file) throws IOException {
        // mov ebx, 1100000h; again: inc byte [rbx]; mov al, [rbx]; out dx, al; mov ecx, 1000; wait: loop wait; jmp
        // again
        return write(
                file, "", 0xBB, 0x00, 0x00, 0x10, 0x01, 0xFE, 0x03, 0x8A, 0x03, 0xEE, 0xB9, 0xE8, 0x03, 0x00, 0x00,
                0xE2, 0xFE, 0xEB, 0xF2);
    }

    /**
     * Goes over 8 MiB for ever, adds one to each page, and writes each round's number (modulo 256) on the serial console. Every
     * page is checked before: where one isn't what the last round made it, the same number comes for ever.
     */
    public static Path sweep(Path file) throws IOException {
        // mov ebx, 1100000h; xor eax, eax
        // round: mov esi, ebx; mov ecx, 2048
        // next: cmp [rsi], eax; jne bad; inc dword [rsi]; add esi, 1000h; loop next
        // inc eax; out dx, al; jmp round
        // bad: out dx, al; jmp bad
        return write(
                file, "", 0xBB, 0x00, 0x00, 0x10, 0x01, 0x31, 0xC0, 0x89, 0xDE, 0xB9, 0x00, 0x08, 0x00, 0x00, 0x39,
                0x06, 0x75, 0x0F, 0xFF, 0x06, 0x81, 0xC6, 0x00, 0x10, 0x00, 0x00, 0xE2, 0xF2, 0xFF, 0xC0, 0xEE, 0xEB,
                0xE6, 0xEE, 0xEB, 0xFD);
    }

    /** Code of at most 4 KiB, at 1000000H. */
    public static Path code(Path file, byte[] code) throws IOException {
        byte[] elf = elf();
        System.arraycopy(code, 0, elf, CODE_OFFSET, code.length);
        return Files.write(file, elf);
    }

    private static Path write(Path file, String text, int... then) throws IOException {
        byte[] message = text.getBytes(StandardCharsets.US_ASCII);
        byte[] whole = elf();
        ByteBuffer elf = ByteBuffer.wrap(whole).order(ByteOrder.LITTLE_ENDIAN).position(CODE_OFFSET);
        // mov esi, text; mov ecx, length; mov dx, 3F8h; cld; rep outsb
        elf.put((byte) 0xBE).putInt((int) ENTRY + 0x100).put((byte) 0xB9).putInt(message.length);
        elf.put(new byte[] {0x66, (byte) 0xBA, (byte) 0xF8, 0x03, (byte) 0xFC, (byte) 0xF3, 0x6E});
        for (int value : then) {
            elf.put((byte) value);
        }
        elf.position(CODE_OFFSET + 0x100);
        elf.put(message);
        return Files.write(file, whole);
    }

    /** A file with its header and room for code. */
    private static byte[] elf() {
        byte[] whole = new byte[0x2000];
        ByteBuffer elf = ByteBuffer.wrap(whole).order(ByteOrder.LITTLE_ENDIAN);
        elf.put(new byte[] {0x7F, 'E', 'L', 'F', 2, 1, 1});
        elf.putShort(16, (short) 2).putShort(18, (short) 62).putLong(24, ENTRY).putLong(32, 64);
        elf.putShort(54, (short) 56).putShort(56, (short) 1);
        elf.putInt(64, 1)
                .putLong(72, CODE_OFFSET)
                .putLong(88, ENTRY)
                .putLong(96, 0x1000)
                .putLong(104, 0x1000);
        return whole;
    }
}
