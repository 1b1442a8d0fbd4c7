package oriel.hypervisor.device.display;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import oriel.hypervisor.bus.StateException;
import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;
import oriel.hypervisor.device.virtio.DescriptorChain;
import oriel.hypervisor.device.virtio.VirtioDevice;
import oriel.hypervisor.device.virtio.VirtioException;
import oriel.hypervisor.device.virtio.Virtqueue;
import oriel.hypervisor.display.CursorImage;
import oriel.hypervisor.display.DisplaySize;
import oriel.hypervisor.display.Rectangle;

/**
 * virtio's graphics adapter without 3D (virtio 1.2 §5.7), one screen. The guest says what it has drawn, so damage is exact. Its
 * pictures are kept in video memory, where the one that is shown needs no further copy. The cursor isn't drawn: viewers get its
 * shape. No VGA: what has no driver for it sees nothing. Confined to the machine's thread.
 */
public final class VirtioGpu extends VirtioDevice {
    private static final int F_EDID = 1;
    private static final int CURSOR = 1; // queue 0 takes everything else
    private static final int CONTROL_SIZE = 256, CURSOR_SIZE = 16;
    private static final int CONFIG_LENGTH = 16, EVENTS_READ = 0, EVENTS_CLEAR = 4, SCREENS = 8;
    private static final int EVENT_DISPLAY = 1;

    private static final int GET_DISPLAY_INFO = 0x100, CREATE_2D = 0x101, UNREF = 0x102, SET_SCANOUT = 0x103;
    private static final int FLUSH = 0x104, TRANSFER = 0x105, ATTACH = 0x106, DETACH = 0x107, GET_EDID = 0x10A;
    private static final int UPDATE_CURSOR = 0x300, MOVE_CURSOR = 0x301;
    private static final int OK = 0x1100, OK_DISPLAY_INFO = 0x1101, OK_EDID = 0x1104;
    private static final int REFUSED = 0x1200, NO_MEMORY = 0x1201, NO_SUCH_SCANOUT = 0x1202, NO_SUCH_RESOURCE = 0x1203;
    private static final int BAD_PARAMETER = 0x1205;

    private static final int HEADER = 24;
    private static final int FENCE = 1;
    private static final int PIECE = 16; // struct virtio_gpu_mem_entry
    private static final int MODES = 16, MODE = 24, EDID_SPACE = 1024;

    /** Longest fixed part of a request. */
    private static final int REQUEST = 64;

    private static final int MOST_RESOURCES = 256;
    private static final int MOST_PIECES = 4 * GpuResource.MOST_PIECES;
    private static final int MOST_CURSOR_PIXELS = 256 * 256;
    private static final CursorImage INVISIBLE = new CursorImage(1, 1, 0, 0, new int[1]);
    private static final int PAGE = 4096;
    private static final int STATE_VERSION = 1;

    private final FramebufferDisplay display;
    private final VideoMemory memory;
    private final TreeMap<Integer, GpuResource> resources = new TreeMap<>(Integer::compareUnsigned);
    private DisplaySize preferred;
    private int events;

    /** What is shown: 0 nothing. */
    private int shownResource;

    private Rectangle shownArea = new Rectangle(0, 0, 1, 1);

    /**
     * An adapter.
     *
     * @param display shows its picture; its size now is what the monitor prefers
     */
    public VirtioGpu(String name, FramebufferDisplay display) {
        super(name, Type.GPU);
        this.display = display;
        this.memory = display.memory();
        this.preferred = display.size();
        display.onSizeRequest(this::prefer);
    }

    private void prefer(DisplaySize size) {
        if (GpuResource.bytes(size) > memory.size() || size.equals(preferred)) {
            return;
        }
        preferred = size;
        events |= EVENT_DISPLAY;
        transport().configChanged();
    }

    @Override
    protected long features() {
        return 1L << F_EDID;
    }

    @Override
    protected int[] queueSizes() {
        return new int[] {CONTROL_SIZE, CURSOR_SIZE};
    }

    @Override
    protected byte[] config() {
        return little(CONFIG_LENGTH)
                .putInt(EVENTS_READ, events)
                .putInt(SCREENS, 1)
                .array();
    }

    @Override
    protected void writeConfig(int offset, byte value) {
        if (offset == EVENTS_CLEAR) {
            events &= ~value;
        }
    }

    private static ByteBuffer little(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }

    @Override
    protected void notified(int index) {
        Virtqueue queue = transport().queue(index);
        for (DescriptorChain chain = queue.pop(); chain != null; chain = queue.pop()) {
            byte[] fixed = new byte[REQUEST];
            if (chain.readableBytes() < HEADER) {
                throw new VirtioException("graphics request of " + chain.readableBytes() + " bytes");
            }
            // What a request lacks of its fixed part is zero, and refused as such.
            chain.read(0, fixed, 0, (int) Math.min(REQUEST, chain.readableBytes()));
            ByteBuffer request = ByteBuffer.wrap(fixed).order(ByteOrder.LITTLE_ENDIAN);
            if (index == CURSOR) {
                cursor(request);
                queue.push(chain, 0);
            } else {
                queue.push(chain, answer(chain, request));
            }
        }
        transport().usedBuffers(queue);
    }

    private int answer(DescriptorChain chain, ByteBuffer request) {
        ByteBuffer response = execute(chain, request);
        if ((request.getInt(4) & FENCE) != 0) { // done when it is answered
            response.putInt(4, FENCE).putLong(8, request.getLong(8)).putInt(16, request.getInt(16));
        }
        byte[] bytes = new byte[(int) Math.min(response.capacity(), chain.writableBytes())];
        int length = bytes.length;
        if (length < HEADER) {
            throw new VirtioException("room of " + length + " bytes for a graphics response");
        }
        response.get(0, bytes);
        chain.write(0, bytes, 0, length);
        return length;
    }

    private ByteBuffer execute(DescriptorChain chain, ByteBuffer request) {
        return switch (request.getInt(0)) {
            case GET_DISPLAY_INFO -> displayInfo();
            case GET_EDID -> edid(request.getInt(HEADER));
            case CREATE_2D -> plain(create(request));
            case UNREF -> plain(unref(request.getInt(HEADER)));
            case SET_SCANOUT -> plain(setScanout(request));
            case FLUSH -> plain(flush(request));
            case TRANSFER -> plain(transfer(request));
            case ATTACH -> plain(attach(chain, request));
            case DETACH -> plain(detach(request.getInt(HEADER)));
            case UPDATE_CURSOR, MOVE_CURSOR -> {
                cursor(request);
                yield plain(OK);
            }
            default -> plain(REFUSED);
        };
    }

    private static ByteBuffer plain(int type) {
        return little(HEADER).putInt(0, type);
    }

    private ByteBuffer displayInfo() {
        ByteBuffer response = little(HEADER + MODES * MODE).putInt(0, OK_DISPLAY_INFO);
        return response.putInt(HEADER + 8, preferred.width())
                .putInt(HEADER + 12, preferred.height())
                .putInt(HEADER + 16, 1); // enabled
    }

    private ByteBuffer edid(int scanout) {
        if (scanout != 0) {
            return plain(NO_SUCH_SCANOUT);
        }
        DisplaySize size = new DisplaySize(
                Math.min(preferred.width(), Edid.MOST_PIXELS), Math.min(preferred.height(), Edid.MOST_PIXELS));
        return little(HEADER + 8 + EDID_SPACE)
                .putInt(0, OK_EDID)
                .putInt(HEADER, Edid.LENGTH)
                .put(HEADER + 8, Edid.of(size));
    }

    private int create(ByteBuffer request) {
        int id = request.getInt(HEADER);
        GpuFormat format = GpuFormat.of(request.getInt(HEADER + 4)).orElse(null);
        int width = request.getInt(HEADER + 8);
        int height = request.getInt(HEADER + 12);
        if (id == 0 || resources.containsKey(id)) {
            return NO_SUCH_RESOURCE;
        }
        if (format == null || width < 1 || width > 16384 || height < 1 || height > 16384) {
            return BAD_PARAMETER;
        }
        DisplaySize size = new DisplaySize(width, height);
        OptionalLong start = resources.size() < MOST_RESOURCES ? free(GpuResource.bytes(size)) : OptionalLong.empty();
        if (start.isEmpty()) {
            return NO_MEMORY;
        }
        resources.put(id, new GpuResource(format, size, start.getAsLong()));
        return OK;
    }

    /** The first hole in video memory that is large enough. */
    private OptionalLong free(long bytes) {
        long at = 0;
        List<GpuResource> byPlace = resources.values().stream()
                .sorted(Comparator.comparingLong(resource -> resource.start))
                .toList();
        for (GpuResource resource : byPlace) {
            if (resource.start - at >= bytes) {
                break;
            }
            at = resource.start + GpuResource.bytes(resource.size) + PAGE - 1 & -PAGE;
        }
        return at + bytes <= memory.size() ? OptionalLong.of(at) : OptionalLong.empty();
    }

    private int unref(int id) {
        if (resources.remove(id) == null) {
            return NO_SUCH_RESOURCE;
        }
        if (id == shownResource) {
            shownResource = 0;
            showNow();
        }
        return OK;
    }

    /** The rectangle at an offset of a request, or null if it isn't within a picture. */
    private static @Nullable Rectangle area(ByteBuffer request, int at, DisplaySize within) {
        long x = Integer.toUnsignedLong(request.getInt(at));
        long y = Integer.toUnsignedLong(request.getInt(at + 4));
        long width = Integer.toUnsignedLong(request.getInt(at + 8));
        long height = Integer.toUnsignedLong(request.getInt(at + 12));
        if (width == 0 || height == 0 || x + width > within.width() || y + height > within.height()) {
            return null;
        }
        return new Rectangle((int) x, (int) y, (int) width, (int) height);
    }

    private int setScanout(ByteBuffer request) {
        if (request.getInt(HEADER + 16) != 0) {
            return NO_SUCH_SCANOUT;
        }
        int id = request.getInt(HEADER + 20);
        GpuResource resource = resources.get(id);
        if (id != 0 && resource == null) {
            return NO_SUCH_RESOURCE;
        }
        if (resource != null) {
            Rectangle area = area(request, HEADER, resource.size);
            if (area == null) {
                return BAD_PARAMETER;
            }
            shownArea = area;
        }
        shownResource = id;
        showNow();
        return OK;
    }

    private void showNow() {
        GpuResource resource = resources.get(shownResource);
        if (resource == null) {
            display.show(new BlankScanout(display.size()));
            return;
        }
        long start =
                resource.start + (long) shownArea.y() * resource.pitch() + (long) GpuResource.PIXEL * shownArea.x();
        display.show(new LinearScanout(
                new DisplaySize(shownArea.width(), shownArea.height()),
                start,
                resource.pitch(),
                PixelFormat.XRGB_8888,
                Palette.NONE));
    }

    private int flush(ByteBuffer request) {
        int id = request.getInt(HEADER + 16);
        GpuResource resource = resources.get(id);
        if (resource == null) {
            return NO_SUCH_RESOURCE;
        }
        Rectangle area = area(request, HEADER, resource.size);
        if (area == null) {
            return BAD_PARAMETER;
        }
        Rectangle seen = area.intersect(shownArea);
        if (id == shownResource && !seen.isEmpty()) {
            display.damaged(
                    new Rectangle(seen.x() - shownArea.x(), seen.y() - shownArea.y(), seen.width(), seen.height()));
        }
        return OK;
    }

    private int transfer(ByteBuffer request) {
        GpuResource resource = resources.get(request.getInt(HEADER + 24));
        if (resource == null) {
            return NO_SUCH_RESOURCE;
        }
        Rectangle area = area(request, HEADER, resource.size);
        long offset = request.getLong(HEADER + 16);
        if (area == null || !resource.covers(offset, area)) {
            return BAD_PARAMETER;
        }
        resource.transfer(transport().memory(), memory, offset, area);
        return OK;
    }

    private int attach(DescriptorChain chain, ByteBuffer request) {
        GpuResource resource = resources.get(request.getInt(HEADER));
        if (resource == null) {
            return NO_SUCH_RESOURCE;
        }
        int count = request.getInt(HEADER + 4);
        int others = resources.values().stream().mapToInt(GpuResource::pieces).sum() - resource.pieces();
        if (count < 1 || count > GpuResource.MOST_PIECES || others + count > MOST_PIECES) {
            return REFUSED;
        }
        if (chain.readableBytes() < HEADER + 8 + (long) PIECE * count) {
            return BAD_PARAMETER;
        }
        byte[] list = new byte[PIECE * count];
        chain.read(HEADER + 8, list, 0, list.length);
        ByteBuffer pieces = ByteBuffer.wrap(list).order(ByteOrder.LITTLE_ENDIAN);
        long[] addresses = new long[count];
        int[] lengths = new int[count];
        for (int i = 0; i < count; i++) {
            addresses[i] = pieces.getLong(PIECE * i);
            lengths[i] = pieces.getInt(PIECE * i + 8);
        }
        resource.attach(addresses, lengths);
        return OK;
    }

    private int detach(int id) {
        GpuResource resource = resources.get(id);
        if (resource == null) {
            return NO_SUCH_RESOURCE;
        }
        resource.detach();
        return OK;
    }

    /** Where the guest puts it doesn't matter: a viewer's pointer is where the viewer's hand is. */
    private void cursor(ByteBuffer request) {
        if (request.getInt(0) != UPDATE_CURSOR || request.getInt(HEADER) != 0) {
            return;
        }
        int id = request.getInt(HEADER + 16);
        GpuResource resource = resources.get(id);
        if (id == 0) {
            display.cursor(INVISIBLE);
        } else if (resource != null && GpuResource.bytes(resource.size) <= GpuResource.PIXEL * MOST_CURSOR_PIXELS) {
            int width = resource.size.width();
            int height = resource.size.height();
            int[] pixels = new int[width * height];
            memory.words(resource.start, pixels);
            for (int i = 0; i < pixels.length; i++) {
                pixels[i] = resource.format.hasAlpha() ? straight(pixels[i]) : pixels[i] | 0xFF00_0000;
            }
            int hotX = Math.clamp(request.getInt(HEADER + 20), 0, width - 1);
            int hotY = Math.clamp(request.getInt(HEADER + 24), 0, height - 1);
            display.cursor(new CursorImage(width, height, hotX, hotY, pixels));
        }
    }

    /** Drivers give colours that are multiplied by their opacity. */
    private static int straight(int pixel) {
        int alpha = pixel >>> 24;
        if (alpha == 0 || alpha == 0xFF) {
            return alpha == 0 ? 0 : pixel;
        }
        int red = Math.min(255, (pixel >> 16 & 0xFF) * 255 / alpha);
        int green = Math.min(255, (pixel >> 8 & 0xFF) * 255 / alpha);
        int blue = Math.min(255, (pixel & 0xFF) * 255 / alpha);
        return alpha << 24 | red << 16 | green << 8 | blue;
    }

    @Override
    protected void reset() {
        resources.clear();
        shownResource = 0;
        events = 0;
        showNow();
        display.cursor(null);
    }

    @Override
    protected void save(StateWriter out) {
        out.version(STATE_VERSION)
                .u16(preferred.width())
                .u16(preferred.height())
                .i32(events);
        out.u16(display.size().width()).u16(display.size().height());
        out.i32(resources.size());
        resources.forEach((id, resource) -> {
            out.i32(id);
            resource.save(out);
        });
        out.i32(shownResource).u16(shownArea.x()).u16(shownArea.y());
        out.u16(shownArea.width()).u16(shownArea.height());
        CursorImage cursor = display.cursor();
        out.bool(cursor != null);
        if (cursor != null) {
            out.u16(cursor.width()).u16(cursor.height()).u16(cursor.hotX()).u16(cursor.hotY());
            for (int pixel : cursor.argb()) {
                out.i32(pixel);
            }
        }
        memory.save(out);
    }

    @Override
    protected void load(StateReader in) {
        in.version(STATE_VERSION);
        preferred = size(in);
        events = in.i32();
        DisplaySize size = size(in);
        int count = in.i32();
        if (count < 0 || count > MOST_RESOURCES) {
            throw new StateException("saved state of " + name() + " has " + count + " pictures");
        }
        resources.clear();
        for (int i = 0; i < count; i++) {
            resources.put(in.i32(), GpuResource.load(in, memory.size()));
        }
        shownResource = in.i32();
        shownArea = new Rectangle(in.u16(), in.u16(), Math.max(1, in.u16()), Math.max(1, in.u16()));
        GpuResource shown = resources.get(shownResource);
        if (shown != null && (shownArea.right() > shown.size.width() || shownArea.bottom() > shown.size.height())) {
            throw new StateException("saved state of " + name() + " shows more than its picture");
        }
        display.cursor(in.bool() ? cursor(in) : null);
        memory.load(in);
        display.show(new BlankScanout(size)); // a blanked display keeps its size
        showNow();
        display.everythingChanged();
    }

    private static DisplaySize size(StateReader in) {
        return new DisplaySize(Math.clamp(in.u16(), 1, 16384), Math.clamp(in.u16(), 1, 16384));
    }

    private CursorImage cursor(StateReader in) {
        int width = in.u16();
        int height = in.u16();
        int hotX = in.u16();
        int hotY = in.u16();
        if (width < 1 || height < 1 || width * height > MOST_CURSOR_PIXELS) {
            throw new StateException("saved state of " + name() + " has an impossible cursor");
        }
        int[] pixels = new int[width * height];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = in.i32();
        }
        return new CursorImage(width, height, hotX, hotY, pixels);
    }
}
