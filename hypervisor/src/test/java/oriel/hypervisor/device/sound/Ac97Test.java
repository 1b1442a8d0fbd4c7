package oriel.hypervisor.device.sound;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import oriel.hypervisor.bus.IoBus;
import oriel.hypervisor.device.chipset.FakeMachineClock;
import oriel.hypervisor.device.chipset.Snapshots;
import oriel.hypervisor.device.pci.PciBus;
import oriel.hypervisor.device.pci.PciPorts;
import oriel.hypervisor.memory.GuestMemory;
import oriel.hypervisor.sound.PcmFormat;
import oriel.hypervisor.sound.PcmListener;
import oriel.hypervisor.sound.SoundOutput;

/** As Linux' driver (sound/pci/intel8x0.c) uses it. */
class Ac97Test {
    private static final int SLOT = 22;
    private static final long MILLISECOND = 1_000_000;
    private static final int DESCRIPTORS = 0x1000, BUFFERS = 0x10_000;
    private static final int IN = 0x00, OUT = 0x10, MICROPHONE = 0x20;
    private static final int CURRENT = 4, LAST_VALID = 5, STATUS = 6, POSITION = 8, CONTROL = 0xB;
    private static final int RUN = 1, RESET = 2, INTERRUPTS = 0x1C;
    private static final int HALTED = 1, LAST_DONE = 4, BUFFER_DONE = 8, FIFO_ERROR = 16;
    private static final int MASTER = 0x02, PCM_OUT = 0x18;

    /** 5 ms. */
    private static final int BUFFER_FRAMES = 240;

    private static final int BUFFER_BYTES = 4 * BUFFER_FRAMES;

    private final FakeMachineClock clock = new FakeMachineClock();
    private final GuestMemory memory = new GuestMemory(1 << 20);
    private final IoBus io = new IoBus();
    private final PciPorts ports = new PciPorts(io);
    private final SoundOutput output = new SoundOutput(Runnable::run);
    private final Ac97 card = new Ac97("sound", clock, memory, output);
    private final ByteArrayOutputStream heard = new ByteArrayOutputStream();
    private final List<String> events = new ArrayList<>();
    private boolean line;
    private int mixer;
    private int masters;

    private final class Ear implements PcmListener {
        private long next;

        @Override
        public void opened(PcmFormat format) {
            events.add("opened " + format.rate() + "/" + format.channels());
            next = 0;
        }

        @Override
        public void samples(ByteBuffer samples, long frame) {
            if (frame != next) {
                events.add("silence " + (frame - next));
            }
            next = frame + samples.remaining() / 4;
            byte[] bytes = new byte[samples.remaining()];
            samples.get(bytes);
            heard.writeBytes(bytes);
        }

        @Override
        public void closed() {
            events.add("closed");
        }
    }

    @BeforeEach
    void plug() {
        new PciBus(io, memory, _ -> level -> line = level, (_, _) -> {}).add(SLOT, card);
        card.reset();
        ports.write(SLOT, 4, 2, 5);
        mixer = ports.read(SLOT, 0x10, 4) & -4;
        masters = ports.read(SLOT, 0x14, 4) & -4;
        output.addListener(new Ear());
        io.writePort(masters + 0x2C, 4, 2);
        io.writePort(mixer + MASTER, 2, 0);
        io.writePort(mixer + PCM_OUT, 2, 0x0808);
    }

    @AfterEach
    void free() {
        memory.close();
    }

    private int get(int register, int size) {
        return io.readPort(masters + register, size);
    }

    private void set(int register, int size, int value) {
        io.writePort(masters + register, size, value);
    }

    /** Noise in a ring of 32 buffers. */
    private byte[] noise(int seed) {
        byte[] noise = new byte[32 * BUFFER_BYTES];
        new Random(seed).nextBytes(noise);
        memory.write(BUFFERS, noise, 0, noise.length);
        return noise;
    }

    private void ring(int engine, int lastValid) {
        for (int i = 0; i < 32; i++) {
            memory.write(DESCRIPTORS + 8 * i, 4, BUFFERS + i * BUFFER_BYTES);
            memory.write(DESCRIPTORS + 8 * i + 4, 4, 1 << 31 | 2 * BUFFER_FRAMES);
        }
        set(engine + CONTROL, 1, RESET);
        set(engine, 4, DESCRIPTORS);
        set(engine + LAST_VALID, 1, lastValid);
        set(engine + STATUS, 2, 0x1C);
    }

    @Test
    void isFoundWithACodecThatIsReady() {
        assertThat(ports.read(SLOT, 0, 4)).isEqualTo(0x2415_8086);
        assertThat(ports.read(SLOT, 8, 4) >>> 8).isEqualTo(0x040100);
        assertThat(get(0x30, 4) & 0x100).isNotZero();
        assertThat(io.readPort(mixer + 0x26, 2) & 0xF).isEqualTo(0xF);
        assertThat(io.readPort(mixer + 0x7C, 2)).isEqualTo(0x8384);
        assertThat(clock.idle()).isTrue();
        set(0x2C, 4, 2 | 4);
        assertThat(get(0x2C, 4)).as("a warm reset ends by itself").isEqualTo(2);
    }

    @Test
    void theSemaphoreBelongsToWhoReadsZero() {
        assertThat(get(0x34, 1)).isZero();
        assertThat(get(0x34, 1)).isEqualTo(1);
        io.readPort(mixer, 2);
        assertThat(get(0x34, 1)).isZero();
    }

    @Test
    void playsEverySampleAtTheMachinesPace() {
        byte[] noise = noise(1);
        ring(OUT, 31);
        set(OUT + CONTROL, 1, RUN | INTERRUPTS);
        clock.advance(MILLISECOND);
        get(OUT + POSITION, 2);
        assertThat(heard.toByteArray()).hasSize(4 * 48).isEqualTo(Arrays.copyOf(noise, 4 * 48));
        assertThat(get(OUT + POSITION, 2)).isEqualTo(2 * (BUFFER_FRAMES - 48));
        assertThat(line).isFalse();
        clock.advance(4 * MILLISECOND);
        assertThat(line).as("a buffer is done").isTrue();
        assertThat(get(OUT + CURRENT, 1)).isEqualTo(1);
        assertThat(get(0x30, 4) & 0x40).isNotZero();
        set(OUT + STATUS, 2, BUFFER_DONE);
        assertThat(line).isFalse();
        clock.advance(95 * MILLISECOND);
        assertThat(heard.toByteArray()).isEqualTo(Arrays.copyOf(noise, 4 * 4800));
        assertThat(events).containsExactly("opened 48000/2");
    }

    @Test
    void goesRoundTheRingForAsLongAsTheDriverMovesTheEnd() {
        byte[] noise = noise(2);
        ring(OUT, 31);
        set(OUT + CONTROL, 1, RUN | INTERRUPTS);
        ByteArrayOutputStream expected = new ByteArrayOutputStream();
        for (int buffer = 0; buffer < 100; buffer++) {
            clock.advance(5 * MILLISECOND);
            set(OUT + LAST_VALID, 1, get(OUT + CURRENT, 1) + 31);
            set(OUT + STATUS, 2, BUFFER_DONE);
            expected.write(noise, buffer % 32 * BUFFER_BYTES, BUFFER_BYTES);
        }
        assertThat(heard.toByteArray()).isEqualTo(expected.toByteArray());
    }

    @Test
    void stopsBehindTheLastBufferAndGoesOnWhenThereIsMore() {
        noise(3);
        ring(OUT, 1);
        set(OUT + CONTROL, 1, RUN | INTERRUPTS);
        clock.advance(20 * MILLISECOND);
        assertThat(get(OUT + STATUS, 2) & (HALTED | LAST_DONE | BUFFER_DONE))
                .isEqualTo(HALTED | LAST_DONE | BUFFER_DONE);
        assertThat(clock.idle()).isTrue();
        assertThat(heard.size()).isEqualTo(2 * BUFFER_BYTES);
        set(OUT + LAST_VALID, 1, 2);
        clock.advance(20 * MILLISECOND);
        assertThat(heard.size()).isEqualTo(3 * BUFFER_BYTES);
        assertThat(events).containsExactly("opened 48000/2", "silence 480");
    }

    @Test
    void pausesAndGoesOnWhereItWas() {
        byte[] noise = noise(4);
        ring(OUT, 31);
        set(OUT + CONTROL, 1, RUN | INTERRUPTS);
        clock.advance(7 * MILLISECOND);
        set(OUT + CONTROL, 1, INTERRUPTS);
        assertThat(get(OUT + STATUS, 2) & HALTED).isNotZero();
        assertThat(clock.idle()).isTrue();
        clock.advance(50 * MILLISECOND);
        set(OUT + CONTROL, 1, RUN | INTERRUPTS);
        clock.advance(3 * MILLISECOND);
        get(OUT + POSITION, 2);
        assertThat(heard.toByteArray()).isEqualTo(Arrays.copyOf(noise, 4 * 480));
        assertThat(events).containsExactly("opened 48000/2", "closed", "opened 48000/2");
    }

    @Test
    void hasVolumesAndMutes() {
        byte[] loud = new byte[32 * BUFFER_BYTES];
        for (int i = 0; i < loud.length; i += 2) {
            loud[i + 1] = i % 4 == 0 ? (byte) 0x40 : (byte) 0xC0; // +16384 left, −16384 right
        }
        memory.write(BUFFERS, loud, 0, loud.length);
        io.writePort(mixer + MASTER, 2, 0x0400); // −6 dB left
        io.writePort(mixer + PCM_OUT, 2, 0x0800); // +12 dB right
        ring(OUT, 31);
        set(OUT + CONTROL, 1, RUN);
        clock.advance(10 * MILLISECOND);
        ByteBuffer samples = ByteBuffer.wrap(heard.toByteArray()).order(java.nio.ByteOrder.LITTLE_ENDIAN);
        assertThat(samples.getShort(0)).isBetween((short) 8190, (short) 8220);
        assertThat(samples.getShort(2)).as("not beyond the end").isEqualTo(Short.MIN_VALUE);
        io.writePort(mixer + MASTER, 2, 0x8000);
        heard.reset();
        clock.advance(10 * MILLISECOND);
        assertThat(heard.toByteArray()).hasSize(4 * 480).containsOnly(0);
    }

    @Test
    void theCodecTellsHowManyStepsItsVolumesHave() {
        io.writePort(mixer + MASTER, 2, 0x2020);
        assertThat(io.readPort(mixer + MASTER, 2)).isEqualTo(0x1F1F);
        io.writePort(mixer + 0x36, 2, 0x1F1F);
        assertThat(io.readPort(mixer + 0x36, 2)).as("a register that it lacks").isZero();
        io.writePort(mixer, 2, 0);
        assertThat(io.readPort(mixer + MASTER, 2)).as("muted by a reset").isEqualTo(0x8000);
        assertThat(io.readPort(mixer + PCM_OUT, 2)).isEqualTo(0x8808);
    }

    @Test
    void recordsSilence() {
        for (int engine : new int[] {IN, MICROPHONE}) {
            noise(5);
            ring(engine, 31);
            set(engine + CONTROL, 1, RUN | INTERRUPTS);
            clock.advance(20 * MILLISECOND);
            byte[] recorded = new byte[BUFFER_BYTES];
            memory.read(BUFFERS, recorded, 0, recorded.length);
            assertThat(recorded).containsOnly(0);
            assertThat(line).isTrue();
            set(engine + CONTROL, 1, 0);
            set(engine + CONTROL, 1, RESET);
            assertThat(line).isFalse();
        }
        assertThat(events).isEmpty();
    }

    @Test
    void buffersOutsideMemoryAreAnErrorAndSilence() {
        ring(OUT, 31);
        memory.write(DESCRIPTORS, 4, 0xF000_0000L);
        set(OUT + CONTROL, 1, RUN | INTERRUPTS);
        clock.advance(5 * MILLISECOND);
        assertThat(get(OUT + STATUS, 2) & FIFO_ERROR).isNotZero();
        assertThat(heard.toByteArray()).hasSize(BUFFER_BYTES).containsOnly(0);
        set(OUT + CONTROL, 1, 0);
        set(OUT + CONTROL, 1, RESET);
        set(OUT, 4, 0xFFFF_FFF8);
        set(OUT + LAST_VALID, 1, 3);
        set(OUT + CONTROL, 1, RUN);
        clock.advance(5 * MILLISECOND);
        assertThat(get(OUT + STATUS, 2) & (FIFO_ERROR | HALTED)).isEqualTo(FIFO_ERROR | HALTED);
    }

    @Test
    void withoutBusMasteringNothingIsRead() {
        ports.write(SLOT, 4, 2, 1);
        noise(6);
        ring(OUT, 31);
        set(OUT + CONTROL, 1, RUN);
        clock.advance(50 * MILLISECOND);
        assertThat(heard.size()).isZero();
    }

    @Test
    void tinyBuffersDoNotKeepTheMachineBusy() {
        ring(OUT, 31);
        for (int i = 0; i < 32; i++) {
            memory.write(DESCRIPTORS + 8 * i + 4, 4, 1 << 31 | 2);
        }
        set(OUT + CONTROL, 1, RUN | INTERRUPTS);
        for (int i = 0; i < 10; i++) {
            clock.advance(MILLISECOND);
            set(OUT + LAST_VALID, 1, get(OUT + CURRENT, 1) + 31);
        }
        assertThat(clock.fired()).isLessThan(40);
    }

    @Test
    void goesOnWhereItWasSaved() {
        byte[] noise = noise(7);
        ring(OUT, 31);
        set(OUT + CONTROL, 1, RUN | INTERRUPTS);
        clock.advance(12 * MILLISECOND);
        byte[] saved = Snapshots.save(card);
        clock.advance(30 * MILLISECOND);
        set(OUT + CONTROL, 1, 0);
        io.writePort(mixer, 2, 0);

        SoundOutput otherOutput = new SoundOutput(Runnable::run);
        ByteArrayOutputStream other = new ByteArrayOutputStream();
        FakeMachineClock otherClock = new FakeMachineClock();
        otherClock.advance(12 * MILLISECOND);
        Ac97 restored = new Ac97("sound", otherClock, memory, otherOutput);
        new PciBus(new IoBus(), memory, _ -> _ -> {}, (_, _) -> {}).add(SLOT, restored);
        List<String> told = new ArrayList<>();
        otherOutput.addListener(new PcmListener() {
            @Override
            public void opened(PcmFormat format) {
                told.add("opened");
            }

            @Override
            public void samples(ByteBuffer samples, long frame) {
                byte[] bytes = new byte[samples.remaining()];
                samples.get(bytes);
                other.writeBytes(bytes);
            }

            @Override
            public void closed() {
                told.add("closed");
            }
        });
        Snapshots.load(restored, saved);
        otherClock.advance(8 * MILLISECOND);
        restored.reset();
        assertThat(told).containsExactly("opened", "closed");
        // What had been played when it was saved, and no more, was heard before.
        int before = 4 * 480;
        assertThat(other.toByteArray())
                .isEqualTo(Arrays.copyOfRange(noise, before, before + other.size()))
                .hasSizeGreaterThanOrEqualTo(4 * 96);
    }

    @Test
    void aResetSilencesIt() {
        noise(8);
        ring(OUT, 31);
        set(OUT + CONTROL, 1, RUN | INTERRUPTS);
        clock.advance(7 * MILLISECOND);
        card.reset();
        assertThat(events).containsExactly("opened 48000/2", "closed");
        assertThat(clock.idle()).isTrue();
        assertThat(line).isFalse();
    }

    @Test
    void everyAccessIsSurvived() {
        Random random = new Random(9);
        noise(9);
        for (int i = 0; i < 40_000; i++) {
            int size = 1 << random.nextInt(3);
            int port = random.nextBoolean() ? mixer + random.nextInt(0x100) : masters + random.nextInt(0x40);
            switch (random.nextInt(8)) {
                case 0, 1 -> io.readPort(port, size);
                case 2, 3, 4 -> io.writePort(port, size, random.nextInt());
                case 5 -> set(16 * random.nextInt(3) + CONTROL, 1, random.nextInt(32));
                case 6 -> {
                    set(16 * random.nextInt(3), 4, random.nextInt(4) == 0 ? random.nextInt() : random.nextInt(1 << 20));
                    memory.write(random.nextInt(1 << 17) * 8L, 8, random.nextLong());
                }
                default -> clock.advance(random.nextInt(20) * MILLISECOND);
            }
            if (i % 500 == 0) {
                Snapshots.load(card, Snapshots.save(card));
            }
        }
        card.reset();
        assertThat(clock.idle()).isTrue();
    }
}
