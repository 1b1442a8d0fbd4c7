package oriel.displayd.encode;

import static java.lang.foreign.ValueLayout.ADDRESS;
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
import oriel.displayd.rfb.WireBuffer;

/**
 * libjpeg-turbo's TurboJPEG interface, version 2 (Debian package {@code libturbojpeg0}): several times quicker than the
 * JDK's encoder. The library is optional.
 */
@SuppressWarnings("restricted") // foreign functions are how it is reached
final class TurboJpeg implements JpegCodec {
    private static final Logger log = LoggerFactory.getLogger(TurboJpeg.class);

    private static final String[] NAMES = {"libturbojpeg.so.0", "libturbojpeg.0.dylib"};
    /** TJPF_BGRX: how 0x00RRGGBB lies in memory on a little-endian computer. */
    private static final int PIXELS_BGRX = 3;
    /** TJFLAG_NOREALLOC: our buffer is large enough for the worst case. */
    private static final int NO_REALLOCATION = 1024;
    /** TJFLAG_FASTDCT: a difference nobody sees below the qualities where it isn't used by the library anyway. */
    private static final int FAST_DCT = 2048;

    private final MethodHandle compress;
    private final MethodHandle bound;
    private final MemorySegment handle;
    private final Arena arena = Arena.ofAuto();
    private final MemorySegment target = arena.allocate(ADDRESS);
    private final MemorySegment size = arena.allocate(JAVA_LONG);
    private MemorySegment pixels = MemorySegment.NULL;
    private MemorySegment jpeg = MemorySegment.NULL;

    private TurboJpeg(SymbolLookup library) throws Throwable {
        Linker linker = Linker.nativeLinker();
        MethodHandle init =
                linker.downcallHandle(library.findOrThrow("tjInitCompress"), FunctionDescriptor.of(ADDRESS));
        bound = linker.downcallHandle(
                library.findOrThrow("tjBufSize"), FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT));
        compress = linker.downcallHandle(
                library.findOrThrow("tjCompress2"),
                FunctionDescriptor.of(
                        JAVA_INT, ADDRESS, ADDRESS, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, ADDRESS, JAVA_INT,
                        JAVA_INT, JAVA_INT));
        handle = (MemorySegment) init.invokeExact();
    }

    /** Opens it, or returns null where it isn't installed. */
    static @Nullable TurboJpeg open() {
        for (String name : NAMES) {
            SymbolLookup library;
            try {
                library = SymbolLookup.libraryLookup(name, Arena.global());
            } catch (IllegalArgumentException e) {
                continue; // not installed under this name
            }
            try {
                return new TurboJpeg(library);
            } catch (Throwable e) {
                log.warn("{} is not used: {}", name, e.toString());
            }
        }
        return null;
    }

    @Override
    public void encode(PixelBlock block, JpegSettings settings, WireBuffer out) {
        int subsampling = switch (settings.subsampling()) {
            case NONE -> 0;
            case HALF -> 1;
            case QUARTER -> 2;
            case GREY -> 3;
        };
        long pixelBytes = 4L * block.area();
        try {
            if (pixels.byteSize() < pixelBytes) {
                pixels = Arena.ofAuto().allocate(pixelBytes, 16);
            }
            long most = (long) bound.invokeExact(block.width(), block.height(), subsampling);
            if (jpeg.byteSize() < most) {
                jpeg = Arena.ofAuto().allocate(most, 16);
            }
            MemorySegment.copy(block.pixels(), 0, pixels, JAVA_INT, 0, block.area());
            target.set(ADDRESS, 0, jpeg);
            size.set(JAVA_LONG, 0, most);
            int result = (int) compress.invokeExact(
                    handle,
                    pixels,
                    block.width(),
                    4 * block.width(),
                    block.height(),
                    PIXELS_BGRX,
                    target,
                    size,
                    subsampling,
                    settings.quality(),
                    NO_REALLOCATION | FAST_DCT);
            if (result != 0) {
                throw new IllegalStateException(
                        "libturbojpeg could not compress %d×%d pixels".formatted(block.width(), block.height()));
            }
            int length = Math.toIntExact(size.get(JAVA_LONG, 0));
            out.reserve(length);
            MemorySegment.copy(jpeg, ValueLayout.JAVA_BYTE, 0, out.array(), out.size(), length);
            out.advance(length);
        } catch (RuntimeException e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e); // downcalls throw nothing of their own
        }
    }
}
