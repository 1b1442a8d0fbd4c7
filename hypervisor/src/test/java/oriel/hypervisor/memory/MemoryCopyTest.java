package oriel.hypervisor.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** RAM that is written, cleared and given back between the rounds of a copy is in the file as it is at the end. */
class MemoryCopyTest {
    private static final int PAGE = HostMapping.PAGE, PAGES = 4096, VIDEO_PAGES = 64;

    @TempDir
    private Path folder;

    private static void change(GuestMemory memory, Random random) {
        for (int i = 0; i < 300; i++) {
            long at = (long) random.nextInt(PAGES) * PAGE;
            switch (random.nextInt(4)) {
                case 0 -> memory.discard(at, (1 + random.nextInt(8)) * (long) PAGE);
                case 1 -> memory.write(at, new byte[PAGE], 0, PAGE);
                case 2 -> memory.store(at + 8L * random.nextInt(PAGE / 8), 8, random.nextLong());
                default -> {
                    byte[] bytes = new byte[Math.min(PAGE * (1 + random.nextInt(3)), (int) (memory.ramSize() - at))];
                    random.nextBytes(bytes);
                    memory.write(at, bytes, 0, bytes.length);
                }
            }
        }
    }

    private static byte[] content(HostMapping mapping) {
        byte[] bytes = new byte[(int) mapping.size()];
        NativeMemory.read(mapping.address(), bytes, 0, bytes.length);
        return bytes;
    }

    private static BitSet nonZero(byte[] bytes) {
        BitSet pages = new BitSet();
        for (int i = 0; i < bytes.length; i++) {
            if (bytes[i] != 0) {
                pages.set(i / PAGE);
            }
        }
        return pages;
    }

    /** Copies in rounds and compares; each generation goes on from the file of the one before. */
    @Test
    void fileIsWhatTheMemoryWasAtTheEnd() throws IOException {
        Random random = new Random(11);
        HostMapping ram = HostMapping.anonymous((long) PAGES * PAGE);
        for (int generation = 0; generation < 6; generation++) {
            Path file = folder.resolve("memory-" + generation);
            HostMapping next;
            try (GuestMemory memory = new GuestMemory(ram);
                    HostMapping video = HostMapping.anonymous(VIDEO_PAGES * PAGE);
                    MemoryCopy copy = new MemoryCopy(file, List.of(ram, video))) {
                change(memory, random);
                memory.trackWrites(true);
                change(memory, random);
                copy.copyAll();
                for (int round = random.nextInt(4); round > 0; round--) {
                    change(memory, random);
                    copy.copy(memory.takeWritten());
                }
                change(memory, random);
                NativeMemory.put64(video.address() + 5 * PAGE, 7);
                List<BitSet> used = copy.finish(memory.takeWritten());
                assertThat(used).containsExactly(nonZero(content(ram)), nonZero(content(video)));
                next = HostMapping.copyOnWrite(file, 0, ram.size(), used.getFirst());
                assertThat(content(next)).isEqualTo(content(ram));
                try (HostMapping picture = HostMapping.copyOnWrite(file, ram.size(), video.size(), used.getLast())) {
                    assertThat(content(picture)).isEqualTo(content(video));
                }
            }
            ram = next;
        }
        ram.close();
    }

    @Test
    void closedCopyTouchesTheMemoryNoMore() throws IOException {
        HostMapping ram = HostMapping.anonymous(1 << 20);
        MemoryCopy copy = new MemoryCopy(folder.resolve("memory"), List.of(ram));
        copy.close();
        ram.close(); // an access would end the process
        assertThatThrownBy(copy::copyAll).isInstanceOf(IOException.class).hasMessageContaining("has ended");
        assertThatThrownBy(() -> copy.copy(BitSet.valueOf(new long[] {1}))).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> copy.finish(new BitSet())).isInstanceOf(IOException.class);
    }
}
