package oriel.displayd.testing;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;

/** A client's H.264 decoder: OpenH264's. */
@SuppressWarnings("restricted") // foreign functions are how it is reached
public final class OpenH264Decoder {
    private final Arena arena = Arena.ofAuto();
    private final MemorySegment self;
    private final MethodHandle decode;
    private final MemorySegment planes = arena.allocate(24, 8);
    private final MemorySegment info = arena.allocate(128, 8);

    public OpenH264Decoder() throws IOException {
        try {
            SymbolLookup library = SymbolLookup.libraryLookup("libopenh264.so.7", Arena.global());
            Linker linker = Linker.nativeLinker();
            MethodHandle create = linker.downcallHandle(
                    library.findOrThrow("WelsCreateDecoder"), FunctionDescriptor.of(JAVA_LONG, ADDRESS));
            MemorySegment out = arena.allocate(ADDRESS);
            long created = (long) create.invokeExact(out);
            self = out.get(ADDRESS, 0);
            MemorySegment table = self.reinterpret(8).get(ADDRESS, 0).reinterpret(64);
            MethodHandle initialize = linker.downcallHandle(
                    table.getAtIndex(ADDRESS, 0), FunctionDescriptor.of(JAVA_LONG, ADDRESS, ADDRESS));
            decode = linker.downcallHandle(
                    table.getAtIndex(ADDRESS, 3),
                    FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, JAVA_INT, ADDRESS, ADDRESS));
            MemorySegment parameters = arena.allocate(64, 8);
            parameters.set(JAVA_INT, 24, 8);
            long initialized = (long) initialize.invokeExact(self, parameters);
            if (created != 0 || initialized != 0) {
                throw new IOException("OpenH264's decoder doesn't start");
            }
        } catch (IOException | RuntimeException e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    /** Decodes a picture and writes it as 0x00RRGGBB. */
    public void decode(byte[] stream, int[] to, int offset, int stride, int width, int height) throws IOException {
        MemorySegment bytes = Arena.ofAuto().allocate(stream.length + 8L);
        MemorySegment.copy(stream, 0, bytes, JAVA_BYTE, 0, stream.length);
        int state;
        try {
            state = (int) decode.invokeExact(self, bytes, stream.length, planes, info);
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
        if (state != 0 || info.get(JAVA_INT, 0) != 1) {
            throw new IOException("H.264 decoder: state " + state + ", picture " + info.get(JAVA_INT, 0));
        }
        if (info.get(JAVA_INT, 24) != width || info.get(JAVA_INT, 28) != height) {
            throw new IOException("H.264 picture of another size than its rectangle");
        }
        int lumaStride = info.get(JAVA_INT, 36);
        int chromaStride = info.get(JAVA_INT, 40);
        MemorySegment luma = planes.get(ADDRESS, 0).reinterpret((long) lumaStride * height);
        MemorySegment blue = planes.get(ADDRESS, 8).reinterpret((long) chromaStride * height / 2);
        MemorySegment red = planes.get(ADDRESS, 16).reinterpret((long) chromaStride * height / 2);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                double l = 255 / 219.0 * ((luma.get(JAVA_BYTE, (long) y * lumaStride + x) & 255) - 16);
                long chroma = (long) (y / 2) * chromaStride + x / 2;
                double b = 255 / 224.0 * ((blue.get(JAVA_BYTE, chroma) & 255) - 128);
                double r = 255 / 224.0 * ((red.get(JAVA_BYTE, chroma) & 255) - 128);
                to[offset + y * stride + x] =
                        clamp(l + 1.5748 * r) << 16 | clamp(l - 0.1873 * b - 0.4681 * r) << 8 | clamp(l + 1.8556 * b);
            }
        }
    }

    private static int clamp(double value) {
        return Math.clamp(Math.round(value), 0, 255);
    }
}
