package oriel.displayd.rfb;

import java.util.List;
import org.jspecify.annotations.Nullable;
import oriel.hypervisor.display.Rectangle;

/** What a client says after the handshake (RFC 6143 §7.5 and registered extensions), already checked for bounds. */
public sealed interface ClientMessage {
    /** RFC 6143 §7.5.1. */
    record SetPixelFormat(PixelFormat format) implements ClientMessage {}

    /** RFC 6143 §7.5.2; in the client's order of preference. */
    record SetEncodings(List<Integer> encodings) implements ClientMessage {
        /** Copies the list. */
        public SetEncodings {
            encodings = List.copyOf(encodings);
        }
    }

    /** RFC 6143 §7.5.3. */
    record FramebufferUpdateRequest(boolean incremental, Rectangle area) implements ClientMessage {}

    /** RFC 6143 §7.5.4. */
    record KeyEvent(boolean down, int keysym) implements ClientMessage {}

    /**
     * RFC 6143 §7.5.5, with ExtendedMouseButtons.
     *
     * @param buttons bit 0 left, 1 middle, 2 right, 3–6 wheel up, down, left, right, 7 back, 8 forward
     */
    record PointerEvent(int buttons, int x, int y) implements ClientMessage {}

    /** RFC 6143 §7.5.6: Latin-1 text with LF line ends. */
    record ClientCutText(String text) implements ClientMessage {}

    /** A cut text longer than we take: it was skipped. */
    record OversizedCutText(long length) implements ClientMessage {}

    /** Extended clipboard: a message other than text itself. */
    record ClipboardControl(ExtendedClipboard.Action action, int formats, int textLimit) implements ClientMessage {}

    /** Extended clipboard "provide": text as UTF-8, with LF line ends. */
    record ClipboardText(String text) implements ClientMessage {}

    /** ContinuousUpdates extension. */
    record EnableContinuousUpdates(boolean enable, Rectangle area) implements ClientMessage {}

    /** Fence extension. */
    @SuppressWarnings("ArrayRecordComponent") // at most 64 opaque bytes, handed back as they came
    record Fence(int flags, byte[] payload) implements ClientMessage {
        /** Process after everything before has been. */
        public static final int BLOCK_BEFORE = 1;
        /** Process nothing after it until it has been. */
        public static final int BLOCK_AFTER = 2;
        /** The next message is to be processed at the same instant. */
        public static final int SYNC_NEXT = 4;
        /** An answer is asked for. */
        public static final int REQUEST = 0x80000000;
    }

    /**
     * ExtendedDesktopSize extension.
     *
     * @param layout null if the numbers make no picture, or no screens of it
     */
    record SetDesktopSize(@Nullable ScreenLayout layout) implements ClientMessage {}

    /** QEMU audio: begin or end to tell what is to be heard. */
    record EnableAudio(boolean enable) implements ClientMessage {}

    /** QEMU audio: how the client wants it. */
    record SetAudioFormat(AudioFormat format) implements ClientMessage {}

    /** xvp: what is to become of the machine. */
    record Power(Action action) implements ClientMessage {
        /** In the order of xvp's codes, from 2 on. */
        public enum Action {
            SHUTDOWN,
            REBOOT,
            RESET
        }
    }

    /** QEMU extended key event: keysym and the PC scan code. */
    record QemuKeyEvent(boolean down, int keysym, int scanCode) implements ClientMessage {}
}
