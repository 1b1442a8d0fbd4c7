package oriel.hypervisor.machine;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import oriel.hypervisor.bus.StateException;
import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;
import oriel.hypervisor.cpu.emulated.CpuModel;
import oriel.hypervisor.cpu.kvm.HostLimits;
import oriel.hypervisor.device.pci.PciFunction;
import oriel.hypervisor.display.DisplaySize;
import oriel.hypervisor.memory.HostMapping;

/**
 * A machine that was saved while it ran: a folder with the file {@code state} (processors, devices, time) and the file
 * {@code memory} (RAM, then video memory; sparse). Any number of machines go on from it, in any process: they map the
 * memory copy-on-write, so the folder must not change as long as one runs; deleting it is fine. Disks aren't part of
 * it. Immutable.
 */
public final class SavedMachine {
    /** The file by whose time of change one knows a saved machine again. */
    public static final String STATE = "state";

    private static final Logger LOG = LoggerFactory.getLogger(SavedMachine.class);
    static final String MEMORY = "memory";
    private static final long MAGIC = 0x4F52_4945_4C53_4E01L; // "ORIELSN", 1
    private static final int VERSION = 1;
    private static final String HEADER = "header";
    private static final String MODEL = "processor model";
    private static final String LIMITS = "processor limits";
    private static final String PROCESSOR = "cpu.";

    /** A saved state has a few dozen parts of at most some MiB; more is a damaged file. */
    private static final int MOST_PARTS = 1024;

    private static final long LARGEST_STATE = 1 << 30;

    private final Path folder;
    private final Header header;
    private final String cpuModel;
    private final HostLimits limits;
    private final Map<String, byte[]> parts;

    /**
     * What a machine must be like to go on from here.
     *
     * @param nanos the machine's time
     * @param usedRam pages that aren't all zero
     * @param usedVideoMemory the same
     */
    record Header(
            int memoryMib,
            int cpus,
            DisplaySize display,
            long nanos,
            int videoMemory,
            BitSet usedRam,
            BitSet usedVideoMemory) {
        private static final int VERSION = 1;

        void save(StateWriter out) {
            out.version(VERSION).i32(memoryMib).i32(cpus);
            out.u16(display.width()).u16(display.height());
            out.i64(nanos).i32(videoMemory);
            out.blob(usedRam.toByteArray()).blob(usedVideoMemory.toByteArray());
        }

        static Header load(StateReader in) {
            in.version(VERSION);
            return new Header(
                    in.i32(),
                    in.i32(),
                    new DisplaySize(Math.max(1, in.u16()), Math.max(1, in.u16())),
                    in.i64(),
                    in.i32(),
                    BitSet.valueOf(in.blob()),
                    BitSet.valueOf(in.blob()));
        }

        long ramSize() {
            return (long) memoryMib << 20;
        }
    }

    private SavedMachine(Path folder, Header header, String cpuModel, HostLimits limits, Map<String, byte[]> parts) {
        this.folder = folder;
        this.header = header;
        this.cpuModel = cpuModel;
        this.limits = limits;
        this.parts = parts;
    }

    /**
     * Reads what a machine was saved as.
     *
     * @throws IOException if a file is missing or unreadable
     * @throws StateException if it is damaged, or of a version that this build doesn't read
     */
    public static SavedMachine read(Path folder) throws IOException {
        Path file = folder.resolve(STATE);
        if (!Files.isRegularFile(file)) {
            throw new NoSuchFileException(file.toString(), null, "no saved machine is there");
        }
        if (Files.size(file) > LARGEST_STATE) {
            throw new StateException(file + " is too large to be a saved machine");
        }
        byte[] bytes = Files.readAllBytes(file);
        int body = bytes.length - Integer.BYTES;
        StateReader in = new StateReader(file.toString(), bytes);
        if (body < Long.BYTES || in.i64() != MAGIC) {
            throw new StateException(file + " is not a saved machine");
        }
        in.version(VERSION);
        if (ByteBuffer.wrap(bytes).getInt(body) != checksum(bytes, body)) {
            throw new StateException(file + " is damaged (its checksum is wrong): restore it from a backup");
        }
        int count = in.i32();
        if (count < 0 || count > MOST_PARTS) {
            throw new StateException(file + " has an impossible number of parts: " + count);
        }
        Map<String, byte[]> parts = new LinkedHashMap<>();
        for (int i = 0; i < count; i++) {
            parts.put(new String(in.blob(), UTF_8), in.blob());
        }
        byte[] header = parts.remove(HEADER);
        if (header == null) {
            throw new StateException(file + " has no header");
        }
        byte[] model = parts.remove(MODEL);
        String cpuModel = model == null ? CpuModel.DEFAULT : new String(model, UTF_8);
        return new SavedMachine(
                folder, Header.load(new StateReader(HEADER, header)), cpuModel, limits(parts.remove(LIMITS)), parts);
    }

    private static HostLimits limits(byte @Nullable [] saved) {
        if (saved == null) {
            return HostLimits.NONE;
        }
        try {
            return HostLimits.parse(new String(saved, UTF_8));
        } catch (IllegalArgumentException e) {
            throw new StateException("saved processor has no readable limits: " + e.getMessage());
        }
    }

    private static int checksum(byte[] bytes, int length) {
        CRC32C checksum = new CRC32C();
        checksum.update(bytes, 0, length);
        return (int) checksum.getValue();
    }

    /**
     * Writes what isn't memory. The board is still, all of its devices quiet.
     *
     * @param folder has the memory already
     * @param used pages of RAM and video memory that aren't zero
     */
    static SavedMachine write(Path folder, List<BitSet> used, Board board, VirtualClock clock, MachineConfig config)
            throws IOException {
        Header header = new Header(
                config.memoryMib(),
                config.cpus(),
                config.display(),
                clock.nanos(),
                Math.toIntExact(board.memories().get(1).size()),
                used.get(0),
                used.get(1));
        Map<String, byte[]> parts = new LinkedHashMap<>();
        StateWriter first = new StateWriter();
        header.save(first);
        parts.put(HEADER, first.toByteArray());
        parts.put(MODEL, config.cpuModel().name().getBytes(UTF_8));
        HostLimits limits = board.limits();
        if (!limits.equals(HostLimits.NONE)) {
            parts.put(LIMITS, limits.format().getBytes(UTF_8));
        }
        for (int number = 0; number < board.cpus.size(); number++) {
            StateWriter out = new StateWriter();
            ProcessorState.save(board.cpus.get(number).state(), out);
            parts.put(PROCESSOR + number, out.toByteArray());
        }
        board.devices().forEach(device -> {
            StateWriter out = new StateWriter();
            device.save(out);
            parts.put(device.name(), out.toByteArray());
        });
        writeState(folder.resolve(STATE), parts);
        parts.remove(HEADER);
        parts.remove(MODEL);
        parts.remove(LIMITS);
        return new SavedMachine(folder, header, config.cpuModel().name(), limits, parts);
    }

    private static void writeState(Path file, Map<String, byte[]> parts) throws IOException {
        StateWriter out = new StateWriter();
        out.i64(MAGIC).version(VERSION).i32(parts.size());
        parts.forEach((name, bytes) -> out.blob(name.getBytes(UTF_8)).blob(bytes));
        byte[] body = out.toByteArray();
        ByteBuffer all = ByteBuffer.allocate(body.length + Integer.BYTES);
        all.put(body).putInt(checksum(body, body.length)).flip();
        try (FileChannel to = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            while (all.hasRemaining()) {
                to.write(all);
            }
        }
    }

    /**
     * Makes the files durable.
     *
     * @throws IOException if the host can't
     */
    public void sync() throws IOException {
        for (String name : List.of(MEMORY, STATE)) {
            try (FileChannel file = FileChannel.open(folder.resolve(name), StandardOpenOption.WRITE)) {
                file.force(true);
            }
        }
    }

    /** The same in another place: whoever renames the folder says so. */
    public SavedMachine movedTo(Path newFolder) {
        return new SavedMachine(newFolder, header, cpuModel, limits, parts);
    }

    /** Where it is. */
    public Path folder() {
        return folder;
    }

    /** RAM in MiB. */
    public int memoryMib() {
        return header.memoryMib();
    }

    /** Processors. */
    public int cpus() {
        return header.cpus();
    }

    /** The name of its {@link CpuModel}. */
    public String cpuModel() {
        return cpuModel;
    }

    /** In what the processors that it ran on fell short of the model. */
    HostLimits limits() {
        return limits;
    }

    /** Screen size at power-on. */
    public DisplaySize display() {
        return header.display();
    }

    /** RAM that isn't zero, in bytes: what the memory file takes, about. */
    public long usedBytes() {
        return (long) (header.usedRam().cardinality() + header.usedVideoMemory().cardinality()) * HostMapping.PAGE;
    }

    /** Whether a machine of this kind can go on from here. */
    void requireFits(MachineConfig config) {
        if (config.memoryMib() != header.memoryMib() || config.cpus() != header.cpus()) {
            throw new StateException(
                    "%s was saved by a machine with %d MiB and %d processors; this one has %d MiB and %d: make them equal"
                            .formatted(folder, header.memoryMib(), header.cpus(), config.memoryMib(), config.cpus()));
        }
        if (!config.cpuModel().name().equals(cpuModel)) {
            throw new StateException("%s was saved by a machine with the processor %s; this one has %s: make them equal"
                    .formatted(folder, cpuModel, config.cpuModel().name()));
        }
    }

    /** A copy-on-write view of the RAM. */
    HostMapping mapRam() throws IOException {
        return HostMapping.copyOnWrite(folder.resolve(MEMORY), 0, header.ramSize(), header.usedRam());
    }

    /** A copy-on-write view of the video memory. */
    HostMapping mapVideoMemory() throws IOException {
        return HostMapping.copyOnWrite(
                folder.resolve(MEMORY), header.ramSize(), header.videoMemory(), header.usedVideoMemory());
    }

    /** Puts processors and devices of a new board into the saved state, and a stopped clock to the saved time. */
    void load(Board board, VirtualClock clock) {
        clock.set(header.nanos());
        Map<String, byte[]> left = new LinkedHashMap<>(parts);
        board.devices().forEach(device -> {
            byte[] saved = left.remove(device.name());
            if (saved == null && device instanceof PciFunction function) {
                // Newer than the saved machine, or an option that it didn't have. Its guest never asks for it before it
                // boots.
                LOG.info(
                        "{} was saved by a machine without {}: the guest has it when it boots again",
                        folder,
                        device.name());
                function.silence();
                return;
            }
            if (saved == null) {
                throw new StateException(
                        "%s was saved by a machine without %s, by an older Oriel or with other options: start it as it was, or boot"
                                .formatted(folder, device.name()));
            }
            device.load(new StateReader(device.name(), saved));
        });
        for (int number = 0; number < board.cpus.size(); number++) {
            byte[] saved = left.remove(PROCESSOR + number);
            if (saved == null) {
                throw new StateException("%s has no processor %d".formatted(folder, number));
            }
            ProcessorState.load(board.cpus.get(number).state(), new StateReader(PROCESSOR + number, saved));
            board.cpus.get(number).stateChanged();
        }
        if (!left.isEmpty()) {
            throw new StateException("%s was saved by a machine with %s, which this one lacks"
                    .formatted(folder, String.join(", ", left.keySet())));
        }
    }
}
