package oriel.hypervisor.device.storage;

import java.util.Arrays;
import java.util.concurrent.Executor;
import oriel.hypervisor.bus.StateException;
import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;
import oriel.hypervisor.disk.DiskImage;

/**
 * An ATA hard disk (ATA/ATAPI-6 §8), for systems without virtio drivers: 28- and 48-bit addresses, programmed transfers and
 * DMA. Data is moved on a worker, in pieces. What is written is durable after FLUSH CACHE, or at once without the write
 * cache. Confined to the machine's thread.
 */
public final class AtaDisk implements IdeDrive {
    private static final int SECTOR = 512;
    private static final int BUSY = 0x80, READY = 0x40, FAULT = 0x20, SEEK_COMPLETE = 0x10, REQUEST = 8, FAILED = 1;
    private static final int ABORTED = 4, NOT_FOUND = 0x10, UNCORRECTABLE = 0x40;
    private static final int IDLE = READY | SEEK_COMPLETE;
    private static final int ADDRESS_MODE = 0x40;
    private static final int ACTIVE = 0xFF;

    /** The most that is moved from or to the host at once. */
    private static final int PIECE = (64 << 10) / SECTOR;

    /** The most that a command moves. */
    private static final int MOST_SECTORS = 0x1_0000;

    private static final byte[] NOTHING = {};

    private final DiskImage image;
    private final String serial;
    private final DriveRequests requests;
    private Runnable interrupt = () -> {};
    private Runnable dmaReady = () -> {};

    private int status;
    private int error;
    private int features;
    private int device;

    /** Each remembers the value before (ATA/ATAPI-6 §7: two deep, for 48-bit addresses). */
    private final TwoDeep count = new TwoDeep(), low = new TwoDeep(), middle = new TwoDeep(), high = new TwoDeep();

    private boolean previousShown;
    private int multiple;
    private int transferMode;
    private boolean writeCache;

    private Transfer transfer = Transfer.NONE;

    /** Sectors of which the guest hears at once. */
    private int run;

    /** Sectors on their way between host and guest; what lies behind the position is still to come. */
    private byte[] buffer = NOTHING;

    private int position;
    private int runEnd;

    /** What comes after the buffer. */
    private long nextSector;

    private int sectorsLeft;

    /** What moves. */
    private enum Transfer {
        NONE(0),
        /** Not from the image: the identity. */
        REPLY(1),
        READ(2),
        WRITE(3),
        READ_DMA(4),
        WRITE_DMA(5);

        /** In saved states. */
        final int code;

        Transfer(int code) {
            this.code = code;
        }

        static Transfer of(int code) {
            return Arrays.stream(values())
                    .filter(transfer -> transfer.code == code)
                    .findFirst()
                    .orElseThrow(() -> new StateException("saved state of the IDE disk has no transfer " + code));
        }
    }

    /** A register that remembers. */
    private static final class TwoDeep {
        private int now;
        private int before;

        void set(int value) {
            before = now;
            now = value;
        }

        int both() {
            return before << 8 | now;
        }
    }

    /**
     * A disk.
     *
     * @param image its content; not closed here
     * @param serial its serial number, at most 20 characters
     * @param io runs what may block
     * @param machine runs tasks on the machine's thread
     */
    public AtaDisk(DiskImage image, String serial, Executor io, Executor machine) {
        this.image = image;
        this.serial = serial;
        this.requests = new DriveRequests(io, machine);
        hardReset();
    }

    @Override
    public void connect(Runnable interruptRaised, Runnable dataReadyForDma) {
        interrupt = interruptRaised;
        dmaReady = dataReadyForDma;
    }

    @Override
    public void quiesce() {
        requests.finish();
    }

    // ---- Registers

    private int shown(TwoDeep register) {
        return previousShown ? register.before : register.now;
    }

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
        return shown(count);
    }

    @Override
    public int low() {
        return shown(low);
    }

    @Override
    public int middle() {
        return shown(middle);
    }

    @Override
    public int high() {
        return shown(high);
    }

    @Override
    public void setFeatures(int value) {
        features = value;
    }

    @Override
    public void setCount(int value) {
        count.set(value);
    }

    @Override
    public void setLow(int value) {
        low.set(value);
    }

    @Override
    public void setMiddle(int value) {
        middle.set(value);
    }

    @Override
    public void setHigh(int value) {
        high.set(value);
    }

    @Override
    public void showPrevious(boolean previous) {
        previousShown = previous;
    }

    @Override
    public void hardReset() {
        multiple = AtaIdentity.MOST_MULTIPLE;
        transferMode = 0;
        writeCache = true;
        softReset();
    }

    @Override
    public void softReset() {
        stopTransfer();
        features = 0;
        signature();
        status = IDLE;
    }

    private void signature() {
        error = 1;
        count.set(1);
        low.set(1);
        middle.set(0);
        high.set(0);
    }

    private void stopTransfer() {
        requests.cancel();
        transfer = Transfer.NONE;
        buffer = NOTHING;
        position = 0;
        runEnd = 0;
        sectorsLeft = 0;
    }

    // ---- Commands

    @Override
    public void command(int command, int deviceRegister) {
        if ((status & BUSY) != 0) {
            return;
        }
        stopTransfer();
        device = deviceRegister;
        error = 0;
        switch (command) {
            case 0x20, 0x21 -> move(Transfer.READ, false, 1); // READ SECTOR(S)
            case 0x24 -> move(Transfer.READ, true, 1);
            case 0xC4 -> moveMultiple(Transfer.READ, false);
            case 0x29 -> moveMultiple(Transfer.READ, true);
            case 0xC8, 0xC9 -> move(Transfer.READ_DMA, false, PIECE);
            case 0x25 -> move(Transfer.READ_DMA, true, PIECE);
            case 0x30, 0x31 -> move(Transfer.WRITE, false, 1); // WRITE SECTOR(S)
            case 0x34 -> move(Transfer.WRITE, true, 1);
            case 0xC5 -> moveMultiple(Transfer.WRITE, false);
            case 0x39 -> moveMultiple(Transfer.WRITE, true);
            case 0xCA, 0xCB -> move(Transfer.WRITE_DMA, false, PIECE);
            case 0x35 -> move(Transfer.WRITE_DMA, true, PIECE);
            case 0x40, 0x41 -> verify(false);
            case 0x42 -> verify(true);
            case 0x70 -> verify(false); // SEEK
            case 0xC6 -> setMultiple();
            case 0xE7, 0xEA -> flush();
            case 0xEC -> identify();
            case 0xEF -> setFeature();
            case 0xF8 -> nativeMax(false);
            case 0x27 -> nativeMax(true);
            case 0x90 -> { // EXECUTE DEVICE DIAGNOSTIC
                signature();
                complete();
            }
            case 0xE5, 0x98 -> { // CHECK POWER MODE
                count.set(ACTIVE);
                complete();
            }
            // RECALIBRATE, INITIALIZE DEVICE PARAMETERS, power modes: nothing to do
            case 0x10, 0x91, 0xE0, 0xE1, 0xE2, 0xE3, 0xE6, 0x94, 0x95, 0x96, 0x97, 0x99 -> complete();
            default -> fail(ABORTED);
        }
    }

    private void complete() {
        transfer = Transfer.NONE;
        status = IDLE;
        interrupt.run();
    }

    private void fail(int why) {
        stopTransfer();
        error = why;
        status = IDLE | FAILED;
        interrupt.run();
    }

    private long sectors() {
        return image.size() / SECTOR;
    }

    /** The first sector, or -1 if the registers name none. */
    private long address(boolean extended) {
        if (extended) {
            long upper = join(high.before, middle.before, low.before);
            return upper << 24 | join(high.now, middle.now, low.now);
        }
        int head = device & 15;
        if ((device & ADDRESS_MODE) != 0) {
            return (long) head << 24 | join(high.now, middle.now, low.now);
        }
        int cylinder = join(0, high.now, middle.now);
        return low.now == 0 || low.now > AtaIdentity.SECTORS_PER_TRACK
                ? -1
                : (cylinder * AtaIdentity.HEADS + head) * AtaIdentity.SECTORS_PER_TRACK + low.now - 1;
    }

    private static int join(int upper, int middle, int lower) {
        return upper << 16 | middle << 8 | lower;
    }

    private int length(boolean extended) {
        int given = extended ? count.both() : count.now;
        return given == 0 ? (extended ? MOST_SECTORS : 0x100) : given;
    }

    private boolean outside(long from, int length) {
        return from < 0 || from + length > sectors();
    }

    private void moveMultiple(Transfer way, boolean extended) {
        if (multiple == 0) {
            fail(ABORTED);
        } else {
            move(way, extended, multiple);
        }
    }

    private void move(Transfer way, boolean extended, int sectorsAtOnce) {
        long from = address(extended);
        int length = length(extended);
        if (outside(from, length)) {
            fail(NOT_FOUND);
            return;
        }
        nextSector = from;
        sectorsLeft = length;
        run = sectorsAtOnce;
        transfer = way;
        switch (way) {
            case READ, READ_DMA -> readPiece();
            case WRITE -> wantData(); // the first time without an interrupt
            case WRITE_DMA -> wantDma();
            case NONE, REPLY -> throw new IllegalArgumentException("not a transfer of sectors");
        }
    }

    private void verify(boolean extended) {
        if (outside(address(extended), length(extended))) {
            fail(NOT_FOUND);
        } else {
            complete();
        }
    }

    private void setMultiple() {
        int wanted = count.now;
        if (wanted > AtaIdentity.MOST_MULTIPLE || Integer.bitCount(wanted) > 1) {
            fail(ABORTED);
        } else {
            multiple = wanted;
            complete();
        }
    }

    private void setFeature() {
        switch (features) {
            case 0x02 -> writeCache = true;
            case 0x82 -> {
                writeCache = false;
                flush(); // what is in it must not stay there
                return;
            }
            case 0x03 -> transferMode = count.now;
            case 0x05, 0x85, 0x42, 0xC2, 0x55, 0xAA, 0x66, 0xCC -> {} // power, noise, look-ahead, defaults: as it is
            default -> {
                fail(ABORTED);
                return;
            }
        }
        complete();
    }

    private void flush() {
        status = BUSY;
        requests.flush(image, bytes -> {
            if (bytes == null) {
                failToWrite();
            } else {
                complete();
            }
        });
    }

    private void failToWrite() {
        fail(ABORTED);
        status |= FAULT;
    }

    private void identify() {
        buffer = AtaIdentity.of(sectors(), serial, multiple, transferMode, writeCache);
        transfer = Transfer.REPLY;
        run = 1;
        offer();
    }

    private void nativeMax(boolean extended) {
        long last = sectors() - 1;
        if (extended) {
            high.set((int) (last >>> 40) & 0xFF);
            middle.set((int) (last >>> 32) & 0xFF);
            low.set((int) (last >>> 24) & 0xFF);
        } else {
            last = Math.min(last, 0x0FFF_FFFF);
            device = device & ~15 | (int) (last >>> 24) & 15;
        }
        high.set((int) (last >>> 16) & 0xFF);
        middle.set((int) (last >>> 8) & 0xFF);
        low.set((int) last & 0xFF);
        complete();
    }

    // ---- Data to the guest

    private void readPiece() {
        int sectors = Math.min(sectorsLeft, PIECE);
        status = BUSY;
        long from = nextSector * SECTOR;
        nextSector += sectors;
        sectorsLeft -= sectors;
        requests.read(image, from, sectors * SECTOR, bytes -> {
            if (bytes == null) {
                fail(UNCORRECTABLE);
                return;
            }
            buffer = bytes;
            position = 0;
            if (transfer == Transfer.READ_DMA) {
                dmaReady.run();
            } else {
                offer();
            }
        });
    }

    private void offer() {
        runEnd = Math.min(buffer.length, position + run * SECTOR);
        status = IDLE | REQUEST;
        interrupt.run();
    }

    @Override
    public int readData() {
        if (transfer != Transfer.READ && transfer != Transfer.REPLY || (status & REQUEST) == 0) {
            return 0;
        }
        int value = buffer[position] & 0xFF | (buffer[position + 1] & 0xFF) << 8;
        position += 2;
        if (position == runEnd) {
            if (position < buffer.length) {
                offer();
            } else if (sectorsLeft > 0) {
                readPiece();
            } else {
                transfer = Transfer.NONE;
                status = IDLE;
            }
        }
        return value;
    }

    // ---- Data from the guest

    private void wantData() {
        buffer = new byte[Math.min(run, sectorsLeft) * SECTOR];
        position = 0;
        runEnd = buffer.length;
        status = IDLE | REQUEST;
    }

    @Override
    public void writeData(int word) {
        if (transfer != Transfer.WRITE || (status & REQUEST) == 0) {
            return;
        }
        buffer[position] = (byte) word;
        buffer[position + 1] = (byte) (word >> 8);
        position += 2;
        if (position == runEnd) {
            writePiece();
        }
    }

    private void wantDma() {
        buffer = new byte[Math.min(run, sectorsLeft) * SECTOR];
        position = 0;
        status = BUSY;
        dmaReady.run();
    }

    private void writePiece() {
        status = BUSY;
        requests.write(image, nextSector * SECTOR, buffer, !writeCache, bytes -> {
            if (bytes == null) {
                failToWrite();
                return;
            }
            int written = buffer.length / SECTOR;
            nextSector += written;
            sectorsLeft -= written;
            buffer = NOTHING;
            position = 0;
            if (sectorsLeft == 0) {
                boolean dma = transfer == Transfer.WRITE_DMA;
                complete();
                if (dma) {
                    dmaReady.run(); // the bus master learns that it is over
                }
            } else if (transfer == Transfer.WRITE_DMA) {
                wantDma();
            } else {
                wantData();
                interrupt.run();
            }
        });
    }

    // ---- Bus master

    @Override
    public int dmaAvailable() {
        boolean dma = transfer == Transfer.READ_DMA || transfer == Transfer.WRITE_DMA;
        return dma ? buffer.length - position : 0;
    }

    @Override
    public boolean dmaToMemory() {
        return transfer == Transfer.READ_DMA;
    }

    @Override
    public byte[] takeDma(int length) {
        byte[] part = Arrays.copyOfRange(buffer, position, position + length);
        position += length;
        return part;
    }

    @Override
    public void giveDma(byte[] bytes) {
        System.arraycopy(bytes, 0, buffer, position, bytes.length);
        position += bytes.length;
    }

    @Override
    public void dmaMoved() {
        if (transfer == Transfer.WRITE_DMA) {
            writePiece();
        } else if (sectorsLeft > 0) {
            buffer = NOTHING;
            position = 0;
            readPiece();
        } else {
            complete();
        }
    }

    @Override
    public boolean dmaDone() {
        return transfer == Transfer.NONE;
    }

    @Override
    public void dmaFailed() {
        fail(ABORTED);
    }

    // ---- State

    @Override
    public void save(StateWriter out) {
        out.u8(status).u8(error).u8(features).u8(device);
        for (TwoDeep register : new TwoDeep[] {count, low, middle, high}) {
            out.u8(register.now).u8(register.before);
        }
        out.bool(previousShown).u8(multiple).u8(transferMode).bool(writeCache);
        out.u8(transfer.code).i32(run).blob(buffer).i32(position).i32(runEnd);
        out.i64(nextSector).i32(sectorsLeft);
    }

    @Override
    public void load(StateReader in) {
        stopTransfer();
        status = in.u8();
        error = in.u8();
        features = in.u8();
        device = in.u8();
        for (TwoDeep register : new TwoDeep[] {count, low, middle, high}) {
            register.now = in.u8();
            register.before = in.u8();
        }
        previousShown = in.bool();
        multiple = in.u8();
        transferMode = in.u8();
        writeCache = in.bool();
        Transfer moving = Transfer.of(in.u8());
        run = in.i32();
        buffer = in.blob();
        position = in.i32();
        runEnd = in.i32();
        nextSector = in.i64();
        sectorsLeft = in.i32();
        if (!plausible(moving)) {
            throw new StateException("saved state of the IDE disk isn't plausible");
        }
        transfer = moving;
    }

    /** Whether what was loaded can be gone on with, whatever the guest does next. */
    private boolean plausible(Transfer moving) {
        boolean numbers = run >= 0
                && run <= PIECE
                && multiple <= AtaIdentity.MOST_MULTIPLE
                && buffer.length <= PIECE * SECTOR
                && buffer.length % SECTOR == 0
                && position >= 0
                && position <= buffer.length
                && position % 2 == 0
                && runEnd >= 0
                && runEnd <= buffer.length
                && nextSector >= 0
                && sectorsLeft >= 0
                && sectorsLeft <= MOST_SECTORS
                && nextSector <= sectors() - sectorsLeft;
        boolean writes = moving == Transfer.WRITE || moving == Transfer.WRITE_DMA;
        boolean waiting = (status & REQUEST) != 0;
        return numbers
                && (moving == Transfer.NONE || run > 0)
                && (moving != Transfer.REPLY || sectorsLeft == 0)
                && (!writes || buffer.length <= sectorsLeft * SECTOR)
                && (!waiting || moving != Transfer.NONE && position < runEnd);
    }
}
