package oriel.hypervisor.device.storage;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import oriel.hypervisor.bus.StateException;
import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;
import oriel.hypervisor.disk.DiskImage;

/**
 * An ATAPI CD-ROM drive (ATA/ATAPI-6 §9.7, MMC-3). Discs come and go while the machine runs. Data is read on a worker, in
 * pieces, so that a slow host stops nobody else. Confined to the machine's thread.
 */
public final class CdDrive implements IdeDrive {
    /** Bytes of a block. */
    public static final int BLOCK = 2048;

    private static final int BUSY = 0x80, READY = 0x40, SEEK_COMPLETE = 0x10, REQUEST = 8, FAILED = 1;
    private static final int ABORTED = 4;

    /** Interrupt reason, in the count register: a command packet is wanted, data comes, all is done. */
    private static final int WANT_PACKET = 1, DATA_IN = 2, DONE = 3;

    private static final int SIGNATURE_MIDDLE = 0x14, SIGNATURE_HIGH = 0xEB;
    private static final int FEATURE_DMA = 1;
    private static final int PACKET_LENGTH = 12;

    /** The most that is read from the host at once. */
    private static final int PIECE = 64 << 10;

    private static final byte[] NOTHING = {};

    /** Event codes of class "media" (MMC-3 table 76). */
    private static final int EVENT_NONE = 0, EVENT_EJECT_REQUEST = 1, EVENT_NEW_DISC = 2, EVENT_REMOVED = 3;

    private final DriveRequests reads;
    private Runnable interrupt = () -> {};
    private Runnable dmaReady = () -> {};

    private @Nullable DiskImage disc;
    private boolean trayOpen;
    private boolean locked;
    private int event;
    private Sense sense = Sense.NONE;

    /** A condition that the next command but INQUIRY and REQUEST SENSE is told of. */
    private Sense attention = Sense.NONE;

    private int status;
    private int error;
    private int features;
    private int count;
    private int low;
    private int middle;
    private int high;

    private final byte[] packet = new byte[PACKET_LENGTH];
    private boolean packetWanted;
    private int packetReceived;
    private boolean dma;

    /** Data on its way to the guest: what lies between position and end, then blocks that are still to be read. */
    private byte[] buffer = NOTHING;

    private int position;

    /** Where the present run of bytes without a look at the status ends; programmed transfers only. */
    private int runEnd;

    private int byteLimit;
    private long nextBlock;
    private int blocksLeft;

    /** Whether a data transfer is under way that ends with an interrupt. */
    private boolean transferring;

    /**
     * A drive.
     *
     * @param disc what is in it; not closed here
     * @param io runs reads, which may block
     * @param machine runs tasks on the machine's thread
     */
    public CdDrive(Optional<DiskImage> disc, Executor io, Executor machine) {
        this.reads = new DriveRequests(io, machine);
        this.disc = disc.orElse(null);
        hardReset();
    }

    @Override
    public void connect(Runnable interruptRaised, Runnable dataReadyForDma) {
        interrupt = interruptRaised;
        dmaReady = dataReadyForDma;
    }

    // ---- The host's side

    /** What is in it. */
    public Optional<DiskImage> disc() {
        return Optional.ofNullable(disc);
    }

    /**
     * Puts a disc in and closes the tray.
     *
     * @return the disc that was in it, out of use
     */
    public Optional<DiskImage> insert(DiskImage next) {
        Optional<DiskImage> before = remove();
        disc = next;
        trayOpen = false;
        event = EVENT_NEW_DISC;
        attention = Sense.DISC_CHANGED;
        return before;
    }

    /**
     * Presses the button. A guest that locked the tray is asked, and may eject later.
     *
     * @param force takes the disc out even so
     * @return whether the tray is open now
     */
    public boolean eject(boolean force) {
        if (locked && !force) {
            event = EVENT_EJECT_REQUEST;
            return false;
        }
        trayOpen = true;
        locked = false;
        if (disc != null) {
            event = EVENT_REMOVED;
        }
        return true;
    }

    /**
     * Takes the disc off an open tray.
     *
     * @return the disc, out of use
     */
    public Optional<DiskImage> remove() {
        if (!reads.idle()) {
            reads.cancel();
            if (transferring) {
                fail(Sense.NO_DISC);
            }
        }
        blocksLeft = 0;
        Optional<DiskImage> before = Optional.ofNullable(disc);
        disc = null;
        return before;
    }

    @Override
    public void quiesce() {
        reads.finish();
    }

    private boolean loaded() {
        return disc != null && !trayOpen;
    }

    private long blocks() {
        return disc == null ? 0 : disc.size() / BLOCK;
    }

    // ---- Registers

    @Override
    public int status() {
        return status;
    }

    @Override
    public int error() {
        return error;
    }

    @Override
    public int count() {
        return count;
    }

    @Override
    public int low() {
        return low;
    }

    @Override
    public int middle() {
        return middle;
    }

    @Override
    public int high() {
        return high;
    }

    @Override
    public void setFeatures(int value) {
        features = value;
    }

    @Override
    public void setCount(int value) {
        count = value;
    }

    @Override
    public void setLow(int value) {
        low = value;
    }

    @Override
    public void setMiddle(int value) {
        middle = value;
    }

    @Override
    public void setHigh(int value) {
        high = value;
    }

    @Override
    public void hardReset() {
        softReset();
        sense = Sense.NONE;
        attention = Sense.WAS_RESET;
        locked = false;
        event = EVENT_NONE;
    }

    @Override
    public void softReset() {
        stopTransfer();
        features = 0;
        signature();
        status = 0; // an ATAPI drive isn't ready before its first command
    }

    private void signature() {
        error = 1;
        count = 1;
        low = 1;
        middle = SIGNATURE_MIDDLE;
        high = SIGNATURE_HIGH;
    }

    private void stopTransfer() {
        reads.cancel();
        buffer = NOTHING;
        position = 0;
        runEnd = 0;
        blocksLeft = 0;
        packetWanted = false;
        transferring = false;
        dma = false;
    }

    @Override
    public void showPrevious(boolean previous) {
        // A drive with packets has no 48-bit registers.
    }

    @Override
    public void command(int command, int device) {
        if ((status & BUSY) != 0 && command != 0x08) {
            return;
        }
        stopTransfer();
        error = 0;
        switch (command) {
            case 0x08 -> softReset(); // DEVICE RESET, without an interrupt
            case 0xA0 -> awaitPacket();
            case 0xA1 -> {
                buffer = PacketReply.identify();
                byteLimit = buffer.length;
                transferring = true;
                startRun();
            }
            case 0x90 -> { // EXECUTE DEVICE DIAGNOSTIC
                signature();
                status = 0;
                interrupt.run();
            }
            case 0xEF, 0xE0, 0xE1, 0xE2, 0xE3, 0xE6 -> complete(); // SET FEATURES, power modes
            case 0xE5 -> {
                count = 0xFF; // active
                status = READY | SEEK_COMPLETE;
                interrupt.run();
            }
            default -> {
                if (command == 0xEC) {
                    signature(); // IDENTIFY DEVICE: not that kind of device
                }
                error = ABORTED;
                status = READY | FAILED;
                interrupt.run();
            }
        }
    }

    private void complete() {
        status = READY | SEEK_COMPLETE;
        interrupt.run();
    }

    private void awaitPacket() {
        dma = (features & FEATURE_DMA) != 0;
        int limit = middle | high << 8;
        byteLimit = limit == 0 || limit == 0xFFFF ? 0xFFFE : limit;
        packetWanted = true;
        packetReceived = 0;
        count = WANT_PACKET;
        status = READY | SEEK_COMPLETE | REQUEST;
    }

    @Override
    public void writeData(int word) {
        if (!packetWanted) {
            return;
        }
        packet[packetReceived++] = (byte) word;
        packet[packetReceived++] = (byte) (word >> 8);
        if (packetReceived == PACKET_LENGTH) {
            packetWanted = false;
            status = BUSY;
            execute();
        }
    }

    @Override
    public int readData() {
        if (!transferring || dma || (status & REQUEST) == 0) {
            return 0;
        }
        int value = buffer[position] & 0xFF;
        if (position + 1 < buffer.length) {
            value |= (buffer[position + 1] & 0xFF) << 8;
        }
        position = Math.min(position + 2, buffer.length);
        if (position >= runEnd) {
            continueTransfer();
        }
        return value;
    }

    // ---- Data

    private void reply(byte[] bytes, int allocated) {
        buffer = bytes.length > allocated ? Arrays.copyOf(bytes, allocated) : bytes;
        position = 0;
        runEnd = 0;
        if (buffer.length == 0) {
            succeed();
            return;
        }
        transferring = true;
        offer();
    }

    /** There is data in the buffer: the guest can have it. */
    private void offer() {
        if (dma) {
            status = BUSY;
            dmaReady.run();
        } else {
            startRun();
        }
    }

    private void startRun() {
        int limit = Math.max(2, byteLimit & -2);
        runEnd = Math.min(buffer.length, position + limit);
        int length = runEnd - position;
        middle = length & 0xFF;
        high = length >> 8;
        count = DATA_IN;
        status = READY | SEEK_COMPLETE | REQUEST;
        interrupt.run();
    }

    /** What was in the buffer, or a run of it, is taken. */
    private void continueTransfer() {
        if (position < buffer.length) {
            offer();
        } else if (blocksLeft > 0) {
            readPiece();
        } else {
            succeed();
        }
    }

    private void readPiece() {
        DiskImage source = disc;
        if (source == null) {
            fail(Sense.NO_DISC);
            return;
        }
        int blocks = Math.min(blocksLeft, PIECE / BLOCK);
        status = BUSY;
        long from = nextBlock * BLOCK;
        nextBlock += blocks;
        blocksLeft -= blocks;
        buffer = NOTHING;
        position = 0;
        runEnd = 0;
        reads.read(source, from, blocks * BLOCK, bytes -> {
            if (bytes == null) {
                fail(Sense.READ_ERROR);
                return;
            }
            buffer = bytes;
            offer();
        });
    }

    @Override
    public int dmaAvailable() {
        return transferring && dma ? buffer.length - position : 0;
    }

    @Override
    public byte[] takeDma(int length) {
        byte[] part = Arrays.copyOfRange(buffer, position, position + length);
        position += length;
        return part;
    }

    @Override
    public boolean dmaToMemory() {
        return true;
    }

    @Override
    public void giveDma(byte[] bytes) {
        throw new IllegalStateException("nothing is written to a CD");
    }

    @Override
    public void dmaMoved() {
        continueTransfer();
    }

    @Override
    public boolean dmaDone() {
        return !transferring;
    }

    @Override
    public void dmaFailed() {
        fail(Sense.BAD_FIELD);
    }

    private void succeed() {
        transferring = false;
        sense = Sense.NONE;
        error = 0;
        count = DONE;
        complete();
    }

    private void fail(Sense reason) {
        reads.cancel();
        transferring = false;
        blocksLeft = 0;
        buffer = NOTHING;
        position = 0;
        runEnd = 0;
        sense = reason;
        error = reason.key() << 4 | (reason.key() == 5 ? ABORTED : 0);
        count = DONE;
        status = READY | FAILED;
        interrupt.run();
    }

    // ---- Packet commands

    private int field16(int at) {
        return (packet[at] & 0xFF) << 8 | packet[at + 1] & 0xFF;
    }

    private long field32(int at) {
        return (long) field16(at) << 16 | field16(at + 2);
    }

    private void execute() {
        int operation = packet[0] & 0xFF;
        boolean always = operation == 0x12 || operation == 0x03 || operation == 0x46 || operation == 0x4A;
        if (!always && !attention.equals(Sense.NONE)) {
            Sense reason = attention;
            attention = Sense.NONE;
            fail(reason);
            return;
        }
        switch (operation) {
            case 0x00 -> ifLoaded(this::succeed); // TEST UNIT READY
            case 0x03 -> requestSense();
            case 0x12 -> reply(PacketReply.inquiry(), packet[4] & 0xFF);
            case 0x1B -> startStop();
            case 0x1E -> {
                locked = (packet[4] & 1) != 0; // PREVENT ALLOW MEDIUM REMOVAL
                succeed();
            }
            case 0x25 -> ifLoaded(() -> reply(PacketReply.capacity(blocks()), 8));
            case 0x28 -> read(field32(2), field16(7)); // READ (10)
            case 0xA8 -> read(field32(2), (int) Math.min(Integer.MAX_VALUE, field32(6))); // READ (12)
            case 0xBE -> readCd();
            case 0x2B ->
                ifLoaded(
                        () -> { // SEEK (10)
                            if (field32(2) < blocks()) {
                                succeed();
                            } else {
                                fail(Sense.OUT_OF_RANGE);
                            }
                        });
            case 0x43 ->
                ifLoaded(() -> {
                    int format =
                            (packet[9] & 0xC0) != 0 ? packet[9] >> 6 & 3 : packet[2] & 0xF; // older drives' place too
                    byte[] contents = PacketReply.contents(blocks(), format, packet[6] & 0xFF, (packet[1] & 2) != 0);
                    replyOrRefuse(contents, field16(7));
                });
            case 0x46 -> reply(PacketReply.configuration(loaded(), field16(2), packet[1] & 3), field16(7));
            case 0x4A -> eventStatus();
            case 0x51 -> ifLoaded(() -> reply(PacketReply.discInformation(), field16(7)));
            case 0x5A -> replyOrRefuse(PacketReply.modePages(packet[2] & 0x3F, loaded(), locked), field16(7));
            case 0xBB -> succeed(); // SET CD SPEED
            case 0xBD -> reply(PacketReply.mechanismStatus(), field16(8));
            default -> fail(Sense.UNKNOWN_COMMAND);
        }
    }

    private void ifLoaded(Runnable command) {
        if (loaded()) {
            command.run();
        } else {
            fail(Sense.NO_DISC);
        }
    }

    private void replyOrRefuse(byte @Nullable [] bytes, int allocated) {
        if (bytes == null) {
            fail(Sense.BAD_FIELD);
        } else {
            reply(bytes, allocated);
        }
    }

    private void requestSense() {
        Sense told = attention.equals(Sense.NONE) ? sense : attention;
        attention = Sense.NONE;
        reply(told.bytes(), packet[4] & 0xFF);
    }

    private void startStop() {
        boolean eject = (packet[4] & 3) == 2;
        boolean load = (packet[4] & 3) == 3;
        if (eject && locked) {
            fail(Sense.REMOVAL_PREVENTED);
            return;
        }
        if (eject) {
            trayOpen = true;
        } else if (load && trayOpen) {
            trayOpen = false;
            if (disc != null) {
                event = EVENT_NEW_DISC;
                attention = Sense.DISC_CHANGED;
            }
        }
        succeed();
    }

    private void eventStatus() {
        boolean polled = (packet[1] & 1) != 0;
        boolean media = (packet[4] & 0x10) != 0;
        if (!polled) {
            fail(Sense.BAD_FIELD);
            return;
        }
        byte[] told = media ? PacketReply.mediaEvent(event, disc != null, trayOpen) : PacketReply.noEvent();
        event = EVENT_NONE;
        reply(told, field16(7));
    }

    private void readCd() {
        int wanted = packet[9] & 0xF8;
        if (wanted != 0 && wanted != 0x10) { // user data only: there are no headers or raw sectors in an ISO
            fail(Sense.BAD_FIELD);
            return;
        }
        int blocks = (packet[6] & 0xFF) << 16 | field16(7);
        read(field32(2), wanted == 0 ? 0 : blocks);
    }

    private void read(long from, int blocks) {
        if (!loaded()) {
            fail(Sense.NO_DISC);
        } else if (from + blocks > blocks()) {
            fail(Sense.OUT_OF_RANGE);
        } else if (blocks == 0) {
            succeed();
        } else {
            nextBlock = from;
            blocksLeft = blocks;
            transferring = true;
            readPiece();
        }
    }

    // ---- State

    @Override
    public void save(StateWriter out) {
        out.i64(blocks()).bool(trayOpen).bool(locked).u8(event);
        for (Sense each : new Sense[] {sense, attention}) {
            out.u8(each.key()).u8(each.code()).u8(each.qualifier());
        }
        out.u8(status).u8(error).u8(features).u8(count).u8(low).u8(middle).u8(high);
        out.blob(packet).bool(packetWanted).u8(packetReceived).bool(dma);
        out.blob(buffer)
                .i32(position)
                .i32(runEnd)
                .i32(byteLimit)
                .i64(nextBlock)
                .i32(blocksLeft)
                .bool(transferring);
    }

    @Override
    public void load(StateReader in) {
        stopTransfer();
        long savedBlocks = in.i64();
        trayOpen = in.bool();
        locked = in.bool();
        event = in.u8() & 3;
        sense = new Sense(in.u8() & 15, in.u8(), in.u8());
        attention = new Sense(in.u8() & 15, in.u8(), in.u8());
        status = in.u8();
        error = in.u8();
        features = in.u8();
        count = in.u8();
        low = in.u8();
        middle = in.u8();
        high = in.u8();
        ByteBuffer.wrap(packet).put(Arrays.copyOf(in.blob(), PACKET_LENGTH));
        packetWanted = in.bool();
        packetReceived = in.u8();
        dma = in.bool();
        buffer = in.blob();
        position = in.i32();
        runEnd = in.i32();
        byteLimit = in.i32();
        nextBlock = in.i64();
        blocksLeft = in.i32();
        transferring = in.bool();
        boolean plausible = (packetReceived & 1) == 0
                && (!packetWanted || packetReceived < PACKET_LENGTH)
                && buffer.length <= PIECE
                && position >= 0
                && position <= buffer.length
                && runEnd >= 0
                && runEnd <= buffer.length
                && (!transferring || position < buffer.length)
                && byteLimit >= 0
                && byteLimit <= 0xFFFF
                && nextBlock >= 0
                && blocksLeft >= 0;
        if (!plausible) {
            throw new StateException("saved state of the CD drive isn't plausible");
        }
        if (savedBlocks != blocks()) { // another disc than at the time, or none
            attention = Sense.DISC_CHANGED;
            event = disc == null ? EVENT_REMOVED : EVENT_NEW_DISC;
            blocksLeft = 0;
        } else if (nextBlock + blocksLeft > blocks() && blocksLeft > 0) {
            throw new StateException("saved state of the CD drive reads beyond its disc");
        }
    }
}
