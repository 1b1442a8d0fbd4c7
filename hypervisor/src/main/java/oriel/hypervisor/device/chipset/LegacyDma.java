package oriel.hypervisor.device.chipset;

import java.util.Arrays;
import oriel.hypervisor.bus.Device;
import oriel.hypervisor.bus.IoBus;
import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;

/**
 * The registers of the two 8237 ISA DMA controllers and their page registers (80H–8FH, of which 80H is also the POST
 * code and every kernel's I/O delay). No device of this board uses ISA DMA: addresses, counts and pages read back, and
 * nothing is ever transferred.
 */
public final class LegacyDma implements Device, BytePorts {
    private static final int PAGES = 0x80;

    /** Address and count registers of 8 channels: 16 of 16 bits, written and read a byte at a time. */
    private final int[] words = new int[16];

    private final byte[] pages = new byte[16];
    private final boolean[] highByteNext = new boolean[2];

    /** Connects the registers. */
    public void attach(IoBus bus) {
        bus.addPorts(0x00, 0x10, this);
        bus.addPorts(PAGES, 0x10, this);
        bus.addPorts(0xC0, 0x20, this);
    }

    @Override
    public int readByte(int port) {
        if (port >= PAGES && port < PAGES + pages.length) {
            return pages[port - PAGES] & 0xFF;
        }
        int controller = port >= 0xC0 ? 1 : 0;
        int register = controller == 0 ? port : port - 0xC0 >> 1;
        if (register < 8) {
            boolean high = highByteNext[controller];
            highByteNext[controller] = !high;
            return words[controller * 8 + register] >> (high ? 8 : 0) & 0xFF;
        }
        return 0; // status: no request, no terminal count
    }

    @Override
    public void writeByte(int port, int value) {
        if (port >= PAGES && port < PAGES + pages.length) {
            pages[port - PAGES] = (byte) value;
            return;
        }
        int controller = port >= 0xC0 ? 1 : 0;
        int register = controller == 0 ? port : port - 0xC0 >> 1;
        if (register < 8) {
            boolean high = highByteNext[controller];
            highByteNext[controller] = !high;
            int at = controller * 8 + register;
            words[at] = high ? words[at] & 0xFF | value << 8 : words[at] & 0xFF00 | value;
        } else if (register == 12 || register == 13) {
            highByteNext[controller] = false; // clear flip-flop, master clear
        }
    }

    @Override
    public String name() {
        return "dma";
    }

    @Override
    public void reset() {
        Arrays.fill(words, 0);
        Arrays.fill(pages, (byte) 0);
        Arrays.fill(highByteNext, false);
    }

    @Override
    public void save(StateWriter out) {
        out.version(1).blob(pages).bool(highByteNext[0]).bool(highByteNext[1]);
        for (int word : words) {
            out.u16(word);
        }
    }

    @Override
    public void load(StateReader in) {
        in.version(1);
        byte[] saved = in.blob();
        System.arraycopy(saved, 0, pages, 0, Math.min(saved.length, pages.length));
        highByteNext[0] = in.bool();
        highByteNext[1] = in.bool();
        for (int i = 0; i < words.length; i++) {
            words[i] = in.u16();
        }
    }
}
