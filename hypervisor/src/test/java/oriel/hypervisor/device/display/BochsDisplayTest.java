package oriel.hypervisor.device.display;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;
import oriel.hypervisor.display.DisplaySize;
import oriel.hypervisor.display.Rectangle;

class BochsDisplayTest {
    private final TestScreen screen = new TestScreen();

    @AfterEach
    void free() {
        screen.close();
    }

    @Test
    void linuxFindsWhatBochsDrmLooksFor() {
        assertThat(screen.ports.read(TestScreen.SLOT, 0, 4)).isEqualTo(0x1111_1234);
        assertThat(screen.ports.read(TestScreen.SLOT, 0x2C, 4)).isEqualTo(0x1100_1AF4);
        assertThat(screen.ports.read(TestScreen.SLOT, 0x0A, 2)).isEqualTo(0x0300);
        assertThat(screen.ports.read(TestScreen.SLOT, 8, 1)).isGreaterThanOrEqualTo(2);
        assertThat(screen.dispi(DispiRegisters.ID)).isEqualTo(0xB0C5);
        assertThat(screen.dispi(DispiRegisters.VIDEO_MEMORY_64K) << 16).isEqualTo(screen.vram.size());
        assertThat(screen.io.readMmio(screen.registers() + 0x600, 4)).isEqualTo(8);
        assertThat(screen.io.readMmio(screen.registers() + 0x604, 4)).isEqualTo(0x1E1E1E1E);
        assertThat(screen.io.readMmio(screen.registers(), 8)).as("EDID").isEqualTo(0x00FF_FFFF_FFFF_FF00L);
    }

    @Test
    void theInterfaceIsAtThePortsToo() {
        screen.io.writePort(0x1CE, 2, DispiRegisters.XRES);
        screen.io.writePort(0x1CF, 2, 1024);
        assertThat(screen.io.readPort(0x1CF, 2)).isEqualTo(1024);
        assertThat(screen.dispi(DispiRegisters.XRES)).isEqualTo(1024);
        assertThat(screen.io.readPort(0x1CF, 1)).isEqualTo(0xFF);
    }

    @Test
    void capabilitiesAreToldOnRequest() {
        screen.setDispi(DispiRegisters.ENABLE, 2);
        assertThat(screen.dispi(DispiRegisters.XRES)).isEqualTo(2560);
        assertThat(screen.dispi(DispiRegisters.YRES)).isEqualTo(1600);
        assertThat(screen.dispi(DispiRegisters.BPP)).isEqualTo(32);
    }

    @Test
    void theBootFramebufferShowsWhatTheKernelDraws() {
        BochsDisplay.BootFramebuffer boot = screen.adapter.boot(new DisplaySize(1280, 800));
        assertThat(boot.address()).isEqualTo(0xE000_0000L);
        assertThat(boot.pitch()).isEqualTo(5120);
        screen.memory.write(boot.address() + 3 * 5120 + 4 * 7, 4, 0xFF12_3456);
        assertThat(screen.pixel(7, 3)).as("alpha is masked").isEqualTo(0x12_3456);
        assertThatThrownBy(() -> screen.adapter.boot(new DisplaySize(4096, 4096)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aModeSetShowsAndClearsMemory() {
        screen.memory.write(screen.vramBase(), 4, 0xFFFF_FFFF);
        screen.setMode(1024, 768);
        assertThat(screen.display.size()).isEqualTo(new DisplaySize(1024, 768));
        assertThat(screen.pixel(0, 0)).isZero();
        screen.memory.write(screen.vramBase() + 4 * (1024 * 767 + 1023), 4, 0x00AB_CDEF);
        assertThat(screen.pixel(1023, 767)).isEqualTo(0xAB_CDEF);
    }

    @Test
    void theLargestModeFits() {
        screen.setMode(2560, 1600);
        assertThat(screen.display.size()).isEqualTo(new DisplaySize(2560, 1600));
    }

    @Test
    void aPageFlipMovesTheWindow() {
        screen.setMode(1024, 768);
        screen.memory.write(screen.vramBase() + 4L * 1024 * 768, 4, 0x77);
        screen.takeDamage();
        screen.setDispi(DispiRegisters.VIRT_WIDTH, 1024);
        screen.setDispi(DispiRegisters.X_OFFSET, 0);
        screen.setDispi(DispiRegisters.Y_OFFSET, 768);
        assertThat(screen.pixel(0, 0)).isEqualTo(0x77);
        assertThat(screen.takeDamage().areas()).containsExactly(new Rectangle(0, 0, 1024, 768));
    }

    @Test
    void aWiderVirtualScreenHasItsPitch() {
        screen.setMode(800, 600);
        screen.setDispi(DispiRegisters.VIRT_WIDTH, 1024);
        screen.setDispi(DispiRegisters.X_OFFSET, 8);
        screen.memory.write(screen.vramBase() + 4 * (1024 * 5 + 8 + 3), 4, 0x55);
        assertThat(screen.pixel(3, 5)).isEqualTo(0x55);
    }

    @Test
    void aWindowOutsideMemoryKeepsTheOldPicture() {
        screen.setMode(1024, 768);
        screen.setDispi(DispiRegisters.Y_OFFSET, 0xFFFF);
        assertThat(((LinearScanout) screen.display.scanout()).start()).isZero();
        screen.setDispi(DispiRegisters.ENABLE, 0);
        screen.setDispi(DispiRegisters.XRES, 0xFFFF);
        screen.setDispi(DispiRegisters.YRES, 0xFFFF);
        screen.setDispi(DispiRegisters.ENABLE, 0x41);
        assertThat(screen.display.size()).isEqualTo(new DisplaySize(1024, 768));
    }

    @Test
    void switchedOffTheScreenIsBlackAndKeepsItsSize() {
        screen.setMode(1024, 768);
        screen.memory.write(screen.vramBase(), 4, 0x99);
        screen.setDispi(DispiRegisters.ENABLE, 0);
        assertThat(screen.display.size()).isEqualTo(new DisplaySize(1024, 768));
        assertThat(screen.pixel(0, 0)).isZero();
        screen.setDispi(DispiRegisters.ENABLE, 0x41 | 0x80);
        assertThat(screen.pixel(0, 0)).as("memory kept on request").isEqualTo(0x99);
    }

    @Test
    void theDriverBlanksThroughTheVgaAttributeRegister() {
        screen.setMode(1024, 768);
        screen.memory.write(screen.vramBase(), 4, 0x99);
        screen.setBlank(true);
        assertThat(screen.pixel(0, 0)).isZero();
        screen.setBlank(false);
        assertThat(screen.pixel(0, 0)).isEqualTo(0x99);
    }

    @Test
    void videoMemoryFollowsItsBar() {
        screen.setMode(1024, 768);
        screen.ports.write(TestScreen.SLOT, 0x10, 4, 0xF000_0000);
        screen.takeDamage();
        screen.memory.write(0xF000_0000L, 4, 0x11);
        assertThat(screen.pixel(0, 0)).isEqualTo(0x11);
        assertThat(screen.takeDamage().areas()).containsExactly(new Rectangle(0, 0, 1024, 1));
    }

    @Test
    void requestedSizesReachTheMonitorsDescription() {
        screen.display.requestSize(new DisplaySize(1600, 900));
        screen.runTasks();
        long edid = screen.registers();
        int width = (int) (screen.io.readMmio(edid + 56, 1) | (screen.io.readMmio(edid + 58, 1) & 0xF0) << 4);
        assertThat(width).isEqualTo(1600);
    }

    @Test
    void aSnapshotKeepsThePicture() {
        screen.setMode(1024, 768);
        screen.memory.write(screen.vramBase() + 4096 * 5, 4, 0x123);
        StateWriter out = new StateWriter();
        screen.adapter.save(out);
        screen.adapter.reset();
        screen.adapter.boot(new DisplaySize(800, 600));
        screen.memory.write(screen.vramBase() + 4096 * 9, 4, 0x777);
        screen.adapter.load(new StateReader("display", out.toByteArray()));
        assertThat(screen.display.size()).isEqualTo(new DisplaySize(1024, 768));
        assertThat(screen.pixel(0, 5)).isEqualTo(0x123);
        assertThat(screen.pixel(0, 9)).isZero();
        assertThat(screen.takeDamage().areas()).containsExactly(new Rectangle(0, 0, 1024, 768));
    }

    @Test
    void anyAccessIsSurvived() {
        Random random = new Random(12);
        long registers = screen.registers();
        for (int i = 0; i < 100_000; i++) {
            int size = 1 << random.nextInt(4);
            long at = registers + (random.nextBoolean() ? 0x400 + random.nextInt(0x210) : random.nextInt(0x1000));
            if (random.nextInt(3) == 0) {
                screen.io.readMmio(at, size);
            } else {
                screen.io.writeMmio(at, size, random.nextInt(4) == 0 ? random.nextLong() : random.nextInt(2000));
            }
            if (i % 100 == 0) {
                screen.pixel(
                        screen.display.size().width() - 1, screen.display.size().height() - 1);
            }
        }
        screen.setMode(1024, 768);
        screen.memory.write(screen.vramBase(), 4, 0x42);
        assertThat(screen.pixel(0, 0)).isEqualTo(0x42);
    }
}
