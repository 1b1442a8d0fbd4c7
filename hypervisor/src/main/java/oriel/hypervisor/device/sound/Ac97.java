package oriel.hypervisor.device.sound;

import java.util.Arrays;
import oriel.hypervisor.bus.MachineClock;
import oriel.hypervisor.bus.PortIo;
import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;
import oriel.hypervisor.device.chipset.BytePorts;
import oriel.hypervisor.device.pci.PciBar;
import oriel.hypervisor.device.pci.PciFunction;
import oriel.hypervisor.device.pci.PciIdentity;
import oriel.hypervisor.device.pci.PortBacking;
import oriel.hypervisor.memory.GuestMemory;
import oriel.hypervisor.sound.PcmFormat;
import oriel.hypervisor.sound.SoundOutput;

/**
 * The AC '97 controller of an Intel 82801AA (ICH; data sheet 290655, chapter 13), which Linux drives with {@code snd-intel8x0}:
 * Debian's kernel has no driver for virtio's sound device. BAR 0 has the codec's mixer, BAR 1 three bus masters: PCM in, PCM out,
 * microphone. What the guest plays goes, at its volume, to a {@link SoundOutput}; what it records is silence. While nothing
 * plays it costs nothing. Confined to the machine's thread.
 */
public final class Ac97 extends PciFunction {
    private static final int GLOBAL_CONTROL = 0x2C, GLOBAL_STATUS = 0x30, CODEC_SEMAPHORE = 0x34;
    private static final int COLD_RESET_OFF = 1 << 1, WARM_RESET = 1 << 2, CONTROL_BITS = 0x3F;
    private static final int PRIMARY_READY = 1 << 8;
    private static final int PCM_IN_INTERRUPT = 1 << 5, PCM_OUT_INTERRUPT = 1 << 6, MICROPHONE_INTERRUPT = 1 << 7;
    private static final int MASTERS_END = 0x2C;
    private static final int STATE_VERSION = 1;
    private static final PcmFormat FORMAT = new PcmFormat(BusMaster.RATE, 2);

    private final Ac97Codec codec = new Ac97Codec();
    private final BusMaster pcmIn;
    private final BusMaster pcmOut;
    private final BusMaster microphone;
    private int globalControl;
    private boolean semaphore;

    /**
     * A sound card.
     *
     * @param output where it plays
     */
    public Ac97(String name, MachineClock clock, GuestMemory memory, SoundOutput output) {
        super(name, new PciIdentity(0x8086, 0x2415, 0x040100, 1, 0x1AF4, 0x1100, true));
        pcmIn = new BusMaster(
                name + " in", clock, memory, this::busMaster, 2, true, Silence.INSTANCE, this::updateInterrupts);
        pcmOut = new BusMaster(
                name + " out",
                clock,
                memory,
                this::busMaster,
                2,
                false,
                new Loudspeaker(output),
                this::updateInterrupts);
        microphone = new BusMaster(
                name + " microphone",
                clock,
                memory,
                this::busMaster,
                1,
                true,
                Silence.INSTANCE,
                this::updateInterrupts);
        addBar(0, new PciBar(PciBar.Kind.IO, 0x100, false, new PortBacking(new Mixer())));
        addBar(1, new PciBar(PciBar.Kind.IO, 0x40, false, new PortBacking(new Masters())));
    }

    /** Nothing is connected to the inputs. */
    private enum Silence implements SampleFlow {
        INSTANCE;

        @Override
        public void started() {}

        @Override
        public void transfer(byte[] samples, int length) {
            Arrays.fill(samples, 0, length, (byte) 0);
        }

        @Override
        public void skipped(long frames) {}

        @Override
        public void stopped() {}
    }

    private final class Loudspeaker implements SampleFlow {
        private final SoundOutput output;

        Loudspeaker(SoundOutput output) {
            this.output = output;
        }

        @Override
        public void started() {
            output.open(FORMAT);
        }

        @Override
        public void transfer(byte[] samples, int length) {
            for (int channel = 0; channel < FORMAT.channels(); channel++) {
                int factor = codec.factor(channel);
                if (factor != Ac97Codec.UNITY) {
                    scale(samples, channel * PcmFormat.SAMPLE_BYTES, length, factor);
                }
            }
            output.play(samples, 0, length);
        }

        private static void scale(byte[] samples, int first, int length, int factor) {
            for (int at = first; at < length; at += FORMAT.frameBytes()) {
                long sample = samples[at] & 0xFF | samples[at + 1] << 8;
                long scaled = Math.clamp(sample * factor / Ac97Codec.UNITY, Short.MIN_VALUE, Short.MAX_VALUE);
                samples[at] = (byte) scaled;
                samples[at + 1] = (byte) (scaled >> 8);
            }
        }

        @Override
        public void skipped(long frames) {
            output.skip(frames);
        }

        @Override
        public void stopped() {
            output.close();
        }
    }

    /** The codec's registers, 16 bits each, by words only. An access gives the semaphore back. */
    private final class Mixer implements PortIo {
        @Override
        public int readPort(int port, int size) {
            semaphore = false;
            int register = port & 0xFF;
            return size == 2 && register < Ac97Codec.SIZE && register % 2 == 0
                    ? codec.read(register)
                    : size == 4 ? -1 : (1 << 8 * size) - 1;
        }

        @Override
        public void writePort(int port, int size, int value) {
            semaphore = false;
            int register = port & 0xFF;
            if (size == 2 && register < Ac97Codec.SIZE && register % 2 == 0) {
                codec.write(register, value & 0xFFFF);
            }
        }
    }

    /** Bus masters and what they share. */
    private final class Masters implements BytePorts {
        @Override
        public int readPort(int port, int size) {
            advance();
            return BytePorts.super.readPort(port, size);
        }

        @Override
        public void writePort(int port, int size, int value) {
            advance();
            BytePorts.super.writePort(port, size, value);
        }

        @Override
        public int readByte(int port) {
            int offset = port & 0x3F;
            if (offset < MASTERS_END) {
                return master(offset).readByte(offset & BusMaster.SIZE - 1);
            } else if (offset < GLOBAL_CONTROL + 4) {
                return globalControl >>> 8 * (offset - GLOBAL_CONTROL) & 0xFF;
            } else if (offset < GLOBAL_STATUS + 4) {
                return globalStatus() >>> 8 * (offset - GLOBAL_STATUS) & 0xFF;
            } else if (offset == CODEC_SEMAPHORE) {
                boolean taken = semaphore;
                semaphore = true; // whoever reads 0 has it
                return taken ? 1 : 0;
            }
            return 0;
        }

        @Override
        public void writeByte(int port, int value) {
            int offset = port & 0x3F;
            if (offset < MASTERS_END) {
                master(offset).writeByte(offset & BusMaster.SIZE - 1, value);
            } else if (offset == GLOBAL_CONTROL) {
                globalControl(value);
            }
        }
    }

    private BusMaster master(int offset) {
        return switch (offset / BusMaster.SIZE) {
            case 0 -> pcmIn;
            case 1 -> pcmOut;
            default -> microphone;
        };
    }

    private void globalControl(int value) {
        if ((globalControl & COLD_RESET_OFF) != 0 && (value & COLD_RESET_OFF) == 0) {
            codec.reset();
        }
        globalControl = value & CONTROL_BITS & ~WARM_RESET; // a warm reset is over at once
    }

    private int globalStatus() {
        return ((globalControl & COLD_RESET_OFF) != 0 ? PRIMARY_READY : 0)
                | (pcmIn.interrupting() ? PCM_IN_INTERRUPT : 0)
                | (pcmOut.interrupting() ? PCM_OUT_INTERRUPT : 0)
                | (microphone.interrupting() ? MICROPHONE_INTERRUPT : 0);
    }

    private void advance() {
        pcmIn.advance();
        pcmOut.advance();
        microphone.advance();
    }

    private void updateInterrupts() {
        setInterrupt(pcmIn.interrupting() || pcmOut.interrupting() || microphone.interrupting());
    }

    @Override
    public void reset() {
        super.reset();
        codec.reset();
        pcmIn.reset();
        pcmOut.reset();
        microphone.reset();
        globalControl = 0;
        semaphore = false;
    }

    @Override
    protected void saveFunction(StateWriter out) {
        out.version(STATE_VERSION);
        codec.save(out);
        pcmIn.save(out);
        pcmOut.save(out);
        microphone.save(out);
        out.u8(globalControl).bool(semaphore);
    }

    @Override
    protected void loadFunction(StateReader in) {
        in.version(STATE_VERSION);
        codec.load(in);
        pcmIn.load(in);
        pcmOut.load(in);
        microphone.load(in);
        globalControl = in.u8() & CONTROL_BITS;
        semaphore = in.bool();
    }
}
