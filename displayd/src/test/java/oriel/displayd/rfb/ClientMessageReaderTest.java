package oriel.displayd.rfb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import oriel.hypervisor.display.DisplaySize;
import oriel.hypervisor.display.Rectangle;

final class ClientMessageReaderTest {
    private static final int TEXT_LIMIT = 1000;

    /** One of each, with what it says. */
    private static final byte[] STREAM = bytes(
            2, 0, 0, 2, 0, 0, 0, 7, 0xFF, 0xFF, 0xFF, 0x21, // SetEncodings
            3, 1, 0, 1, 0, 2, 0, 3, 0, 4, // FramebufferUpdateRequest
            4, 1, 0, 0, 0, 0, 0xFF, 0x0D, // KeyEvent
            5, 3, 1, 0, 0, 2, // PointerEvent
            5, 0x81, 1, 0, 0, 2, 3, // PointerEvent with more buttons
            6, 0, 0, 0, 0, 0, 0, 2, 'h', 0xFC, // ClientCutText
            6, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFC, 0x08, 0, 0, 1, // Extended clipboard: notify
            150, 1, 0, 0, 0, 0, 0, 9, 0, 8, // EnableContinuousUpdates
            248, 0, 0, 0, 0x80, 0, 0, 1, 2, 5, 6, // Fence
            251, 0, 2, 0x80, 1, 0xE0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 2, 0x80, 1, 0xE0, 0, 0, 0, 0, // SetDesktopSize
            255, 0, 0, 1, 0, 0, 0, 0x61, 0, 0, 0, 0x1E); // QEMU key

    private static byte[] bytes(int... values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            bytes[i] = (byte) values[i];
        }
        return bytes;
    }

    private static ClientMessageReader reader() {
        ClientMessageReader reader = new ClientMessageReader(TEXT_LIMIT);
        reader.acceptExtendedButtons();
        return reader;
    }

    private static List<ClientMessage> drain(ClientMessageReader reader) throws RfbProtocolException {
        List<ClientMessage> messages = new ArrayList<>();
        ClientMessage message = reader.next();
        while (message != null) {
            messages.add(message);
            message = reader.next();
        }
        return messages;
    }

    private static void check(List<ClientMessage> messages) {
        assertThat(messages).hasSize(11);
        assertThat(messages.subList(0, 8))
                .containsExactly(
                        new ClientMessage.SetEncodings(List.of(7, -223)),
                        new ClientMessage.FramebufferUpdateRequest(true, new Rectangle(1, 2, 3, 4)),
                        new ClientMessage.KeyEvent(true, 0xFF0D),
                        new ClientMessage.PointerEvent(3, 256, 2),
                        new ClientMessage.PointerEvent(1 | 3 << 7, 256, 2),
                        new ClientMessage.ClientCutText("h\u00fc"),
                        new ClientMessage.ClipboardControl(ExtendedClipboard.Action.NOTIFY, 1, 0),
                        new ClientMessage.EnableContinuousUpdates(true, new Rectangle(0, 0, 9, 8)));
        ClientMessage.Fence fence = (ClientMessage.Fence) messages.get(8);
        assertThat(fence.flags()).isEqualTo(0x80000001);
        assertThat(fence.payload()).containsExactly(5, 6);
        assertThat(messages.subList(9, 11))
                .containsExactly(
                        new ClientMessage.SetDesktopSize(ScreenLayout.single(new DisplaySize(640, 480))),
                        new ClientMessage.QemuKeyEvent(true, 0x61, 0x1E));
    }

    @Test
    void messagesComeOutHoweverTheBytesComeIn() throws RfbProtocolException {
        ClientMessageReader whole = reader();
        whole.feed(STREAM, 0, STREAM.length);
        check(drain(whole));
        for (int cut = 1; cut < STREAM.length; cut++) {
            ClientMessageReader reader = reader();
            reader.feed(STREAM, 0, cut);
            List<ClientMessage> messages = drain(reader);
            reader.feed(STREAM, cut, STREAM.length - cut);
            messages.addAll(drain(reader));
            check(messages);
            assertThat(reader.held()).isZero();
        }
    }

    @Test
    void garbageIsRefusedOrReadButNeverBreaksAnything() {
        Random random = new Random(11);
        int refused = 0;
        for (int round = 0; round < 5000; round++) {
            ClientMessageReader reader = reader();
            byte[] garbage = STREAM.clone();
            if (round % 2 == 0) {
                random.nextBytes(garbage);
            } else {
                for (int i = 0; i < 4; i++) {
                    garbage[random.nextInt(garbage.length)] = (byte) random.nextInt();
                }
            }
            try {
                reader.feed(garbage, 0, garbage.length);
                drain(reader);
                assertThat(reader.held()).isLessThanOrEqualTo(garbage.length);
            } catch (RfbProtocolException e) {
                assertThat(e.reason()).isNotEmpty();
                refused++;
            }
        }
        assertThat(refused).isPositive();
    }

    @Test
    void textThatIsTooLongIsSkippedWithoutBeingHeld() throws RfbProtocolException {
        ClientMessageReader reader = reader();
        reader.feed(bytes(6, 0, 0, 0, 0, 1, 0, 0), 0, 8);
        assertThat(drain(reader)).containsExactly(new ClientMessage.OversizedCutText(65536));
        for (int i = 0; i < 64; i++) {
            reader.feed(new byte[1024], 0, 1024);
            assertThat(drain(reader)).isEmpty();
            assertThat(reader.held()).isZero();
        }
        reader.feed(bytes(4, 0, 0, 0, 0, 0, 0, 'a'), 0, 8);
        assertThat(drain(reader)).containsExactly(new ClientMessage.KeyEvent(false, 'a'));
    }

    @Test
    void clipboardTextMayNotInflateBeyondItsLimit() {
        WireBuffer bomb = new WireBuffer(100);
        ExtendedClipboard.writeProvide(bomb, "x".repeat(500_000));
        byte[] message = bomb.toByteArray();
        message[0] = 6;
        ClientMessageReader reader = reader();
        reader.feed(message, 0, message.length);
        assertThatExceptionOfType(RfbProtocolException.class)
                .isThrownBy(reader::next)
                .withMessageContaining("clipboard text of 500001 bytes");
    }

    @Test
    void clipboardTextComesBackAsWritten() throws RfbProtocolException {
        WireBuffer provide = new WireBuffer(100);
        ExtendedClipboard.writeProvide(provide, "gr\u00fcn\n\u20ac");
        byte[] message = provide.toByteArray();
        message[0] = 6;
        ClientMessageReader reader = reader();
        reader.feed(message, 0, message.length);
        assertThat(reader.next()).isEqualTo(new ClientMessage.ClipboardText("gr\u00fcn\n\u20ac"));
    }

    @Test
    void pixelFormatsThatCannotBeAreRefused() {
        assertRefused("24 bits per pixel", 24, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0);
        assertRefused("depth 33", 32, 33, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0);
        assertRefused("doesn't fit", 16, 16, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0);
        assertRefused("max 0", 32, 24, 0, 1, 0, 0, 0, 255, 0, 255, 16, 8, 0);
        assertRefused("colour map", 32, 24, 0, 0, 0, 255, 0, 255, 0, 255, 16, 8, 0);
    }

    private static void assertRefused(String why, int... format) {
        byte[] message = new byte[20];
        System.arraycopy(bytes(format), 0, message, 4, format.length);
        ClientMessageReader reader = reader();
        reader.feed(message, 0, message.length);
        assertThatExceptionOfType(RfbProtocolException.class)
                .isThrownBy(reader::next)
                .withMessageContaining(why);
    }
}
