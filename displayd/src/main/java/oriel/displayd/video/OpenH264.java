package oriel.displayd.video;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import oriel.displayd.encode.PixelBlock;
import oriel.displayd.rfb.WireBuffer;

/**
 * Cisco's OpenH264 (BSD licence; Debian package {@code libopenh264-7}) by its C++ interface: an object whose first word
 * points to a table of functions. The offsets below are those of {@code codec_app_def.h} of the versions with this
 * soname; another soname is not touched. The library is optional. Thread-safe; encoders are not.
 */
@SuppressWarnings("restricted") // foreign functions are how it is reached
public final class OpenH264 {
    private static final Logger log = LoggerFactory.getLogger(OpenH264.class);
    private static final String NAME = "libopenh264.so.7";

    // Positions in ISVCEncoder's table.
    private static final int INITIALIZE_EXT = 1;
    private static final int GET_DEFAULT_PARAMS = 2;
    private static final int UNINITIALIZE = 3;
    private static final int ENCODE_FRAME = 4;
    private static final int FORCE_INTRA_FRAME = 6;
    private static final int SET_OPTION = 7;
    private static final int FUNCTIONS = 9;

    // SEncParamExt. It is some 1,000 bytes long; later versions append.
    private static final int PARAMETERS_SIZE = 4096;
    private static final int USAGE = 0;
    private static final int CAMERA = 0;
    private static final int WIDTH = 4;
    private static final int HEIGHT = 8;
    private static final int BITRATE = 12;
    private static final int RATE_CONTROL = 16;
    private static final int RATE_CONTROL_OFF = -1;
    private static final int FRAME_RATE = 20;
    private static final int TEMPORAL_LAYERS = 24;
    private static final int SPATIAL_LAYERS = 28;
    private static final int LAYER = 32;
    private static final int LAYER_WIDTH = LAYER;
    private static final int LAYER_HEIGHT = LAYER + 4;
    private static final int LAYER_FRAME_RATE = LAYER + 8;
    private static final int LAYER_BITRATE = LAYER + 12;
    private static final int LAYER_QP = LAYER + 28;
    private static final int SIGNAL_TYPE_PRESENT = LAYER + 184;
    private static final int VIDEO_FORMAT = LAYER + 185;
    private static final int FULL_RANGE = LAYER + 186;
    private static final int COLOURS_PRESENT = LAYER + 187;
    private static final int PRIMARIES = LAYER + 188;
    private static final int TRANSFER = LAYER + 189;
    private static final int MATRIX = LAYER + 190;
    private static final int INTRA_PERIOD = 836;
    private static final int FRAME_SKIP = 860;
    private static final byte BT709 = 1;
    private static final byte UNDEFINED_FORMAT = 5;

    private static final int OPTION_TRACE_LEVEL = 25;

    // SSourcePicture.
    private static final int PICTURE_SIZE = 128;
    private static final int FORMAT_I420 = 23;

    // SFrameBSInfo: the number of layers, then 128 of 40 bytes.
    private static final int RESULT_SIZE = 8192;
    private static final int RESULT_LAYERS = 8;
    private static final int RESULT_LAYER_SIZE = 40;
    private static final int LAYER_NALS = 16;
    private static final int LAYER_LENGTHS = 24;
    private static final int LAYER_BYTES = 32;

    private final Linker linker = Linker.nativeLinker();
    private final MethodHandle create;
    private final MethodHandle destroy;

    private OpenH264(SymbolLookup library) {
        create = linker.downcallHandle(
                library.findOrThrow("WelsCreateSVCEncoder"), FunctionDescriptor.of(JAVA_INT, ADDRESS));
        destroy =
                linker.downcallHandle(library.findOrThrow("WelsDestroySVCEncoder"), FunctionDescriptor.ofVoid(ADDRESS));
    }

    /** Opens it, or returns null where it isn't installed or this isn't a 64-bit Linux, whose layouts are assumed. */
    public static @Nullable OpenH264 open() {
        if (ADDRESS.byteSize() != 8) {
            return null;
        }
        try {
            return new OpenH264(SymbolLookup.libraryLookup(NAME, Arena.global()));
        } catch (RuntimeException e) {
            log.debug("no H.264: {} is not usable: {}", NAME, e.getMessage());
            return null;
        }
    }

    /**
     * Makes an encoder of constant quality.
     *
     * @param width even, 16–4096
     * @param height even, 16–2304
     * @param quantiser 0 (best) to 51
     * @throws IllegalStateException if the library refuses
     */
    public H264Encoder encoder(int width, int height, int quantiser) {
        Arena arena = Arena.ofShared();
        try {
            MemorySegment out = arena.allocate(ADDRESS);
            check((int) create.invokeExact(out), "create an encoder");
            MemorySegment self = out.get(ADDRESS, 0);
            MemorySegment table =
                    self.reinterpret(8).get(ADDRESS, 0).reinterpret((long) FUNCTIONS * ADDRESS.byteSize());
            return new Encoder(arena, self, table, width, height, quantiser);
        } catch (RuntimeException e) {
            arena.close();
            throw e;
        } catch (Throwable e) {
            arena.close();
            throw new IllegalStateException(e); // downcalls throw nothing of their own
        }
    }

    private static void check(int result, String what) {
        if (result != 0) {
            throw new IllegalStateException("OpenH264 could not " + what + " (" + result + ")");
        }
    }

    private MethodHandle function(MemorySegment table, int index, FunctionDescriptor descriptor) {
        return linker.downcallHandle(table.getAtIndex(ADDRESS, index), descriptor);
    }

    private final class Encoder implements H264Encoder {
        private final Arena arena;
        private final MemorySegment self;
        private final MethodHandle encode;
        private final MethodHandle forceIntra;
        private final MethodHandle uninitialize;
        private final MemorySegment picture;
        private final MemorySegment result;
        private final YuvPicture yuv;
        private long frames;

        Encoder(Arena arena, MemorySegment self, MemorySegment table, int width, int height, int quantiser)
                throws Throwable {
            this.arena = arena;
            this.self = self;
            FunctionDescriptor withPointer = FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS);
            encode = function(table, ENCODE_FRAME, FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS));
            forceIntra =
                    function(table, FORCE_INTRA_FRAME, FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_BYTE, JAVA_INT));
            uninitialize = function(table, UNINITIALIZE, FunctionDescriptor.of(JAVA_INT, ADDRESS));
            MethodHandle setOption =
                    function(table, SET_OPTION, FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, ADDRESS));
            MemorySegment quiet = arena.allocate(JAVA_INT);
            check((int) setOption.invokeExact(self, OPTION_TRACE_LEVEL, quiet), "be quiet");
            MemorySegment parameters = arena.allocate(PARAMETERS_SIZE, 8);
            MethodHandle defaults = function(table, GET_DEFAULT_PARAMS, withPointer);
            check((int) defaults.invokeExact(self, parameters), "tell its defaults");
            parameters(parameters, width, height, quantiser);
            MethodHandle initialize = function(table, INITIALIZE_EXT, withPointer);
            check((int) initialize.invokeExact(self, parameters), "encode pictures of " + width + "×" + height);
            yuv = new YuvPicture(width, height, arena);
            picture = arena.allocate(PICTURE_SIZE, 8);
            result = arena.allocate(RESULT_SIZE, 8);
            picture(width, height);
        }

        private static void parameters(MemorySegment to, int width, int height, int quantiser) {
            to.set(JAVA_INT, USAGE, CAMERA);
            to.set(JAVA_INT, WIDTH, width);
            to.set(JAVA_INT, HEIGHT, height);
            to.set(JAVA_INT, BITRATE, 20_000_000);
            to.set(JAVA_INT, RATE_CONTROL, RATE_CONTROL_OFF);
            to.set(JAVA_FLOAT, FRAME_RATE, 30);
            to.set(JAVA_INT, TEMPORAL_LAYERS, 1);
            to.set(JAVA_INT, SPATIAL_LAYERS, 1);
            to.set(JAVA_INT, LAYER_WIDTH, width);
            to.set(JAVA_INT, LAYER_HEIGHT, height);
            to.set(JAVA_FLOAT, LAYER_FRAME_RATE, 30);
            to.set(JAVA_INT, LAYER_BITRATE, 20_000_000);
            to.set(JAVA_INT, LAYER_QP, quantiser);
            to.set(JAVA_BYTE, SIGNAL_TYPE_PRESENT, (byte) 1);
            to.set(JAVA_BYTE, VIDEO_FORMAT, UNDEFINED_FORMAT);
            to.set(JAVA_BYTE, FULL_RANGE, (byte) 0);
            to.set(JAVA_BYTE, COLOURS_PRESENT, (byte) 1);
            to.set(JAVA_BYTE, PRIMARIES, BT709);
            to.set(JAVA_BYTE, TRANSFER, BT709);
            to.set(JAVA_BYTE, MATRIX, BT709);
            to.set(JAVA_INT, INTRA_PERIOD, 0);
            to.set(JAVA_BYTE, FRAME_SKIP, (byte) 0);
        }

        private void picture(int width, int height) {
            picture.set(JAVA_INT, 0, FORMAT_I420);
            picture.set(JAVA_INT, 4, width);
            picture.set(JAVA_INT, 8, width / 2);
            picture.set(JAVA_INT, 12, width / 2);
            long area = (long) width * height;
            picture.set(ADDRESS, 24, yuv.memory());
            picture.set(ADDRESS, 32, yuv.memory().asSlice(area));
            picture.set(ADDRESS, 40, yuv.memory().asSlice(area + area / 4));
            picture.set(JAVA_INT, 56, width);
            picture.set(JAVA_INT, 60, height);
        }

        @Override
        public void encode(PixelBlock block, boolean key, WireBuffer out) {
            yuv.take(block);
            picture.set(JAVA_LONG, 64, frames++ * 33);
            try {
                if (key) {
                    check((int) forceIntra.invokeExact(self, (byte) 1, -1), "start anew");
                }
                check((int) encode.invokeExact(self, picture, result), "encode a picture");
            } catch (RuntimeException e) {
                throw e;
            } catch (Throwable e) {
                throw new IllegalStateException(e); // downcalls throw nothing of their own
            }
            int layers = result.get(JAVA_INT, 0);
            for (int layer = 0; layer < layers; layer++) {
                append(RESULT_LAYERS + (long) layer * RESULT_LAYER_SIZE, out);
            }
        }

        private void append(long layer, WireBuffer out) {
            int nals = result.get(JAVA_INT, layer + LAYER_NALS);
            MemorySegment lengths = result.get(ADDRESS, layer + LAYER_LENGTHS).reinterpret(4L * nals);
            int total = 0;
            for (int i = 0; i < nals; i++) {
                total += lengths.getAtIndex(JAVA_INT, i);
            }
            MemorySegment bytes = result.get(ADDRESS, layer + LAYER_BYTES).reinterpret(total);
            out.reserve(total);
            MemorySegment.copy(bytes, ValueLayout.JAVA_BYTE, 0, out.array(), out.size(), total);
            out.advance(total);
        }

        @Override
        public void close() {
            try {
                int _ = (int) uninitialize.invokeExact(self);
                destroy.invokeExact(self);
            } catch (Throwable e) {
                log.warn("an H.264 encoder was not freed", e);
            }
            arena.close();
        }
    }
}
