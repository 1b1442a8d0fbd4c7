package oriel.hypervisor.device.virtio;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;
import oriel.hypervisor.device.display.FramebufferDisplay;
import oriel.hypervisor.device.display.VideoMemory;
import oriel.hypervisor.device.display.VirtioGpu;
import oriel.hypervisor.device.virtio.FakeDriver.Part;
import oriel.hypervisor.display.CursorImage;
import oriel.hypervisor.display.Display;
import oriel.hypervisor.display.DisplaySize;
import oriel.hypervisor.display.Rectangle;
import oriel.hypervisor.sound.Sound;

/** As Linux' driver (drivers/gpu/drm/virtio) uses it. */
class VirtioGpuTest {
    private static final int CONTROL = 0, CURSOR = 1;
    private static final int OK = 0x1100, REFUSED = 0x1200, NO_MEMORY = 0x1201, NO_RESOURCE = 0x1203, BAD = 0x1205;
    private static final int BGRX = 2, BGRA = 1, RGBX = 134;

    private final List<String> events = new ArrayList<>();
    private Screen screen;
    private TestMachine machine;
    private FakeDriver driver;

    private record Screen(FramebufferDisplay display, VirtioGpu gpu) {
        static Screen make() {
            FramebufferDisplay display = new FramebufferDisplay(
                    "test",
                    new VideoMemory(4 << 20),
                    new DisplaySize(640, 480),
                    _ -> NoInput.INSTANCE,
                    Sound.SILENT,
                    Runnable::run,
                    () -> {});
            return new Screen(display, new VirtioGpu("gpu", display));
        }
    }

    @BeforeEach
    void start() {
        screen = Screen.make();
        machine = new TestMachine(screen.gpu);
        driver = new FakeDriver(machine).start();
        screen.display.addListener(new Display.Listener() {
            @Override
            public void damaged() {
                events.add("damaged");
            }

            @Override
            public void resized(DisplaySize size) {
                events.add(size.width() + "x" + size.height());
            }

            @Override
            public void cursorChanged() {
                events.add("cursor");
            }

            @Override
            public void closed(String reason) {}
        });
    }

    @AfterEach
    void stop() {
        machine.close();
    }

    private ByteBuffer ask(int room, int type, int... words) {
        ByteBuffer request = ByteBuffer.allocate(24 + 4 * words.length).order(ByteOrder.LITTLE_ENDIAN);
        request.putInt(type).putInt(1).putLong(77).putInt(0).putInt(0);
        for (int word : words) {
            request.putInt(word);
        }
        long answer = driver.buffer(room);
        driver.ring(CONTROL)
                .add(new Part(driver.buffer(request.array()), request.capacity(), false), new Part(answer, room, true));
        driver.kick(CONTROL);
        driver.ring(CONTROL).takeUsed();
        ByteBuffer response = ByteBuffer.wrap(driver.bytes(answer, room)).order(ByteOrder.LITTLE_ENDIAN);
        assertThat(response.getInt(4)).as("fenced").isEqualTo(1);
        assertThat(response.getLong(8)).isEqualTo(77);
        return response;
    }

    private int tell(int type, int... words) {
        return ask(24, type, words).getInt(0);
    }

    /** A picture of noise in two pieces of RAM, shown. */
    private byte[] show(int id, int format, int width, int height) {
        byte[] pixels = new byte[4 * width * height];
        new Random(id).nextBytes(pixels);
        long at = driver.buffer(pixels);
        int half = pixels.length / 2 + 2; // within a pixel
        assertThat(tell(0x101, id, format, width, height)).isEqualTo(OK);
        assertThat(tell(0x106, id, 2, (int) at, 0, half, 0, (int) at + half, 0, pixels.length - half, 0))
                .isEqualTo(OK);
        assertThat(tell(0x103, 0, 0, width, height, 0, id)).isEqualTo(OK);
        assertThat(tell(0x105, 0, 0, width, height, 0, 0, id, 0)).isEqualTo(OK);
        return pixels;
    }

    private int[] shown(int width, int height) {
        DisplaySize size = new DisplaySize(width, height);
        int[] pixels = new int[width * height];
        assertThat(screen.display.copyPixels(size, size.bounds(), pixels, 0, width))
                .isTrue();
        return pixels;
    }

    private static int[] expected(byte[] pixels, boolean redFirst) {
        int[] expected = new int[pixels.length / 4];
        for (int i = 0; i < expected.length; i++) {
            int word = ByteBuffer.wrap(pixels).order(ByteOrder.LITTLE_ENDIAN).getInt(4 * i);
            expected[i] = redFirst ? Integer.reverseBytes(word) >>> 8 : word & 0xFF_FFFF;
        }
        return expected;
    }

    @Test
    void theDriverFindsOneScreenOfThePreferredSize() {
        assertThat(driver.config(0, 4)).isEqualTo(0x1050_1AF4);
        assertThat(driver.deviceConfig(8, 4)).isEqualTo(1);
        ByteBuffer modes = ask(408, 0x100);
        assertThat(modes.getInt(0)).isEqualTo(0x1101);
        assertThat(List.of(modes.getInt(32), modes.getInt(36), modes.getInt(40)))
                .containsExactly(640, 480, 1);
        assertThat(modes.getInt(64)).as("no second screen").isZero();
        ByteBuffer edid = ask(1056, 0x10A, 0, 0);
        assertThat(edid.getInt(24)).isEqualTo(128);
        assertThat(edid.getLong(32)).isEqualTo(0x00FF_FFFF_FFFF_FF00L);
    }

    @Test
    void aPictureOfTheGuestIsShown() {
        byte[] pixels = show(1, BGRX, 200, 100);
        assertThat(shown(200, 100)).isEqualTo(expected(pixels, false));
        assertThat(events).contains("200x100");
        byte[] other = show(2, RGBX, 50, 40);
        assertThat(shown(50, 40)).isEqualTo(expected(other, true));
    }

    @Test
    void damageIsWhatTheGuestFlushes() {
        show(1, BGRX, 200, 100);
        screen.display.takeDamage().join();
        events.clear();
        assertThat(tell(0x104, 10, 20, 30, 5, 1, 0)).isEqualTo(OK);
        assertThat(tell(0x104, 100, 50, 1, 1, 1, 0)).isEqualTo(OK);
        assertThat(events).containsExactly("damaged");
        assertThat(screen.display.takeDamage().join().areas())
                .containsExactlyInAnyOrder(new Rectangle(10, 20, 30, 5), new Rectangle(100, 50, 1, 1));
        tell(0x104, 0, 0, 10, 10, 1, 0);
        tell(0x104, 5, 5, 10, 10, 1, 0);
        assertThat(screen.display.takeDamage().join().areas()).containsExactly(new Rectangle(0, 0, 15, 15));
        assertThat(screen.display.takeDamage().join().areas()).isEmpty();
    }

    @Test
    void aPartOfAPictureIsTransferredWithItsPitch() {
        byte[] pixels = show(1, BGRX, 64, 64);
        int[] before = shown(64, 64);
        long at = driver.buffer(0) - (4 * 64 * 64);
        machine.memory.write(at, new byte[pixels.length], 0, pixels.length);
        int offset = 4 * (64 * 3 + 7);
        assertThat(tell(0x105, 7, 3, 5, 2, offset, 0, 1, 0)).isEqualTo(OK);
        int[] after = shown(64, 64);
        for (int i = 0; i < after.length; i++) {
            boolean within = i % 64 >= 7 && i % 64 < 12 && i / 64 >= 3 && i / 64 < 5;
            assertThat(after[i]).isEqualTo(within ? 0 : before[i]);
        }
    }

    @Test
    void theScreenFollowsAnotherSize() {
        show(1, BGRX, 200, 100);
        machine.messages.clear();
        screen.display.requestSize(new DisplaySize(800, 600));
        assertThat(driver.deviceConfig(0, 4)).isEqualTo(1);
        assertThat(ask(408, 0x100).getInt(32)).isEqualTo(800);
        driver.setDeviceConfig(4, 1);
        assertThat(driver.deviceConfig(0, 4)).isZero();
    }

    @Test
    void theCursorHasAShapeAndNoPlace() {
        show(1, BGRX, 64, 32);
        byte[] pixels = {0, 0, 0, 0, 10, 20, 30, (byte) 255, 64, 32, 16, (byte) 128, 1, 1, 1, 0};
        assertThat(tell(0x101, 9, BGRA, 2, 2)).isEqualTo(OK);
        assertThat(tell(0x106, 9, 1, (int) driver.buffer(pixels), 0, pixels.length, 0))
                .isEqualTo(OK);
        assertThat(tell(0x105, 0, 0, 2, 2, 0, 0, 9, 0)).isEqualTo(OK);
        cursor(0x300, 9);
        CursorImage cursor = Objects.requireNonNull(screen.display.cursor());
        assertThat(cursor.argb()).containsExactly(0, 0xFF1E140A, 0x801F3F7F, 0);
        assertThat(List.of(cursor.width(), cursor.height(), cursor.hotX(), cursor.hotY()))
                .containsExactly(2, 2, 1, 0);
        events.clear();
        cursor(0x301, 9);
        assertThat(events).as("it moves with the viewer's hand").isEmpty();
        cursor(0x300, 0);
        assertThat(events).containsExactly("cursor");
        assertThat(Objects.requireNonNull(screen.display.cursor()).argb()).containsOnly(0);
    }

    private void cursor(int type, int resource) {
        ByteBuffer request = ByteBuffer.allocate(56).order(ByteOrder.LITTLE_ENDIAN);
        request.putInt(0, type).putInt(28, 5).putInt(32, 6).putInt(40, resource).putInt(44, 1);
        driver.ring(CURSOR).add(new Part(driver.buffer(request.array()), 56, false));
        driver.kick(CURSOR);
        assertThat(driver.ring(CURSOR).takeUsed()).hasSize(1);
    }

    @Test
    void whatCannotBeIsRefused() {
        show(1, BGRX, 64, 64);
        assertThat(tell(0x101, 1, BGRX, 8, 8)).as("there already").isEqualTo(NO_RESOURCE);
        assertThat(tell(0x101, 0, BGRX, 8, 8)).isEqualTo(NO_RESOURCE);
        assertThat(tell(0x101, 2, 77, 8, 8)).as("format").isEqualTo(BAD);
        assertThat(tell(0x101, 2, BGRX, 0, 8)).isEqualTo(BAD);
        assertThat(tell(0x101, 2, BGRX, -1, -1)).isEqualTo(BAD);
        assertThat(tell(0x101, 2, BGRX, 1024, 1024)).as("video memory is 4 MiB").isEqualTo(NO_MEMORY);
        assertThat(tell(0x103, 1, 0, 64, 64, 0, 1)).as("beyond the edge").isEqualTo(BAD);
        assertThat(tell(0x103, 0, 0, 64, 64, 1, 1)).as("second screen").isEqualTo(0x1202);
        assertThat(tell(0x105, 0, 0, 64, 64, 4, 0, 1, 0))
                .as("beyond the guest's copy")
                .isEqualTo(BAD);
        assertThat(tell(0x105, 0, 0, 64, 64, -4, -1, 1, 0)).isEqualTo(BAD);
        assertThat(tell(0x104, 60, 0, 5, 1, 1, 0)).isEqualTo(BAD);
        assertThat(tell(0x106, 1, 1 << 20)).isEqualTo(REFUSED);
        assertThat(tell(0x106, 1, 2, 0, 0, 0, 0)).as("a list that is cut short").isEqualTo(BAD);
        assertThat(tell(0x107, 5)).isEqualTo(NO_RESOURCE);
        assertThat(tell(0x107, 1)).isEqualTo(OK);
        assertThat(tell(0x105, 0, 0, 1, 1, 0, 0, 1, 0)).as("nothing attached").isEqualTo(BAD);
        assertThat(tell(0x207)).as("3D").isEqualTo(REFUSED);
        assertThat(tell(0x102, 1)).isEqualTo(OK);
        assertThat(shown(64, 64)).as("nothing is shown").containsOnly(0);
        assertThat(driver.needsReset()).isFalse();
    }

    @Test
    void memoryOfAPictureThatIsGoneIsThereForOthers() {
        for (int i = 1; i < 100; i++) {
            assertThat(tell(0x101, i, BGRX, 800, 600)).isEqualTo(OK);
            assertThat(tell(0x101, 1000 + i, BGRX, 900, 500)).isEqualTo(OK);
            assertThat(tell(0x102, i)).isEqualTo(OK);
            assertThat(tell(0x102, 1000 + i)).isEqualTo(OK);
        }
    }

    @Test
    void goesOnWhereItWasSaved() {
        byte[] pixels = show(3, BGRX, 120, 90);
        StateWriter out = new StateWriter();
        machine.function.save(out);
        Screen other = Screen.make();
        try (TestMachine copy = new TestMachine(other.gpu)) {
            new FakeDriver(copy);
            copy.function.load(new StateReader("gpu", out.toByteArray()));
            DisplaySize size = new DisplaySize(120, 90);
            int[] restored = new int[120 * 90];
            assertThat(other.display.copyPixels(size, size.bounds(), restored, 0, 120))
                    .isTrue();
            assertThat(restored).isEqualTo(expected(pixels, false));
            assertThat(other.display.takeDamage().join().areas()).containsExactly(size.bounds());
            copy.function.reset();
            assertThat(other.display.copyPixels(size, size.bounds(), restored, 0, 120))
                    .isTrue();
            assertThat(restored).containsOnly(0);
        }
    }
}
