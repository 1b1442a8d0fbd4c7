package oriel.hypervisor.machine;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import oriel.hypervisor.cpu.ParallelVcpu;
import oriel.hypervisor.cpu.Vcpu;
import oriel.hypervisor.cpu.emulated.EmulatedCpu;
import oriel.hypervisor.cpu.emulated.TranslationStatistics;
import oriel.hypervisor.cpu.kvm.KvmException;
import oriel.hypervisor.device.display.VideoMemory;
import oriel.hypervisor.device.storage.CdDrive;
import oriel.hypervisor.disk.DiskImage;
import oriel.hypervisor.display.Display;
import oriel.hypervisor.firmware.AcpiTables;
import oriel.hypervisor.firmware.Boot;
import oriel.hypervisor.firmware.DirectBoot;
import oriel.hypervisor.firmware.FirmwareException;
import oriel.hypervisor.firmware.Initrd;
import oriel.hypervisor.firmware.LinuxKernel;
import oriel.hypervisor.firmware.MultibootLoader;
import oriel.hypervisor.guest.GuestAgent;
import oriel.hypervisor.guest.GuestIdentity;
import oriel.hypervisor.memory.HostMapping;
import oriel.hypervisor.memory.MemoryCopy;
import oriel.hypervisor.schedule.CpuAccount;
import oriel.hypervisor.schedule.CpuPolicy;
import oriel.hypervisor.schedule.CpuScheduler;
import oriel.hypervisor.sound.Sound;

/**
 * A virtual PC: created off, {@link #start started} once, and over when its guest powers off, it is stopped, or it
 * breaks. Thread-safe.
 */
public final class Machine {
    private static final Logger LOG = LoggerFactory.getLogger(Machine.class);

    private final MachineConfig config;
    private final VirtualClock clock;
    private final PowerSwitch power;
    private final ExecutorService io;
    private final @Nullable ParallelProcessors parallel;
    private final Board board;
    private final MachineThread thread;
    private final List<MachineListener> listeners = new CopyOnWriteArrayList<>();
    private final long createdNanos = System.nanoTime();

    private final boolean resumed;

    /** What waits for the machine's thread, to be told if it ends. */
    private final Map<Object, CompletableFuture<?>> waiting = new ConcurrentHashMap<>();

    /** Paused by request; on the machine's thread. */
    private boolean paused;

    /** Copies the memory; on the machine's thread. */
    private @Nullable RunningSave saving;

    /** Why the run ends; set on the machine's thread before it does. */
    private @Nullable MachineEnd end;

    private volatile boolean over;
    private volatile boolean started;
    private volatile @Nullable MachineStatistics finalStatistics;

    /**
     * Assembles a machine; the disks are its own from now on.
     *
     * @throws FirmwareException if the processors can't be run as asked
     */
    public Machine(MachineConfig config) {
        this(
                config,
                null,
                HostMapping.anonymous((long) config.memoryMib() << 20),
                HostMapping.anonymous(VideoMemory.DEFAULT_SIZE));
    }

    /**
     * Assembles a machine that goes on from where another was saved, once it is {@link #start started}. Kernel, initial
     * RAM disk and command line count when it is reset. Memory, processors and devices must be like the saved machine's,
     * the disks must hold what its disks held: overlays on them, or copies.
     *
     * @throws IOException if the saved memory is missing or cut
     * @throws oriel.hypervisor.bus.StateException if the saved state is damaged or doesn't fit
     */
    public static Machine resume(MachineConfig config, SavedMachine saved) throws IOException {
        saved.requireFits(config);
        HostMapping ram = saved.mapRam();
        try {
            return new Machine(config, saved, ram, saved.mapVideoMemory());
        } catch (RuntimeException | IOException e) {
            ram.close(); // again, if the board closed it: harmless
            throw e;
        }
    }

    private Machine(MachineConfig config, @Nullable SavedMachine saved, HostMapping ram, HostMapping pixels) {
        this.config = config;
        this.parallel = AcceleratorChoice.choose(config, saved) == Accelerator.KVM
                ? new ParallelProcessors(config.name())
                : null;
        InstructionClock counted =
                config.instructionTime().map(InstructionClock::new).orElse(null);
        this.clock = counted == null
                ? new VirtualClock(System::nanoTime, Machine::wallNanos)
                : new VirtualClock(
                        counted, () -> config.instructionTime().orElseThrow().wallStartNanos() + counted.getAsLong());
        this.power = new PowerSwitch(() -> execute(this::obeyPower));
        this.io = Executors.newSingleThreadExecutor(Thread.ofPlatform()
                .name("machine " + config.name() + " disk")
                .daemon(true)
                .factory());
        this.board = assemble(counted == null ? io : Runnable::run, ram, pixels);
        if (counted != null) {
            counted.follow(board.cpus);
        }
        this.thread = new MachineThread(
                config.name(),
                clock,
                counted,
                replay(),
                board.cpus,
                parallel,
                board::select,
                this::tripleFault,
                this::ended);
        if (parallel != null) {
            parallel.attach(
                    board.cpus.stream().map(ParallelVcpu.class::cast).toList(), board::select, new ProcessorsHost());
        }
        this.resumed = saved != null;
        if (saved != null) {
            load(saved);
        }
    }

    private Board assemble(Executor requests, HostMapping ram, HostMapping pixels) {
        try {
            return new Board(config, parallel, clock, power, this::execute, requests, ram, pixels);
        } catch (KvmException e) {
            io.close();
            throw new FirmwareException(String.valueOf(e.getMessage()));
        }
    }

    /** What processors with threads of their own want of the machine's thread. */
    private final class ProcessorsHost implements ParallelProcessors.Host {
        @Override
        public long nextDeadline() {
            return clock.nextDeadline();
        }

        @Override
        public void wake() {
            post(() -> {});
        }

        @Override
        public void tripleFault() {
            post(Machine.this::tripleFault);
        }
    }

    /** What runs its processors: {@link Accelerator#EMULATED} or {@link Accelerator#KVM}. */
    public Accelerator accelerator() {
        return parallel == null ? Accelerator.EMULATED : Accelerator.KVM;
    }

    private @Nullable InputReplay replay() {
        return config.instructionTime()
                .map(InstructionTime::input)
                .filter(InputTape.Replay.class::isInstance)
                .map(tape -> new InputReplay((InputTape.Replay) tape, board.inputDevices))
                .orElse(null);
    }

    /** On the caller's thread: it hands the machine over when it starts the machine's thread. */
    private void load(SavedMachine saved) {
        boolean loaded = false;
        try {
            board.reset();
            clock.stop(); // until the machine starts
            saved.load(board, clock);
            board.generation.change(randomId());
            loaded = true;
        } finally {
            if (!loaded) {
                io.close();
                board.close();
            }
        }
    }

    private UUID randomId() {
        return config.instructionTime()
                .map(time -> new UUID(time.seed(), time.wallStartNanos()))
                .orElseGet(UUID::randomUUID); // from a SecureRandom
    }

    /**
     * Tells a guest that went on from a saved machine the time and, if it is a clone, who it is, as soon as its program
     * listens ({@link oriel.hypervisor.guest.IdentityPort}).
     *
     * @param identity empty for a guest that is who it was
     * @return completed when the guest has taken it, on the machine's thread; never, in a guest without the program
     */
    public CompletableFuture<Void> identify(Optional<GuestIdentity> identity) {
        CompletableFuture<Void> taken = new CompletableFuture<>();
        post(() -> board.identity.tell(identity, () -> taken.complete(null)));
        return taken;
    }

    /** The VM generation id: new for each clone, each restore and each boot. */
    public CompletableFuture<UUID> generationId() {
        return onThread(board.generation::id);
    }

    /**
     * Makes a fingerprint of processors, devices and memory when the machine's clock shows a time: machines in
     * {@link InstructionTime} with the same history have the same one.
     *
     * @param time since power-on, in the future
     * @param made gets it on the machine's thread
     */
    public void fingerprintAt(Duration time, Consumer<String> made) {
        thread.execute(() -> clock.newTimer("fingerprint", () -> made.accept(Fingerprint.of(board)))
                .armAt(time.toNanos()));
    }

    private static long wallNanos() {
        java.time.Instant now = java.time.Instant.now();
        return Math.addExact(Math.multiplyExact(now.getEpochSecond(), 1_000_000_000L), now.getNano());
    }

    /** Adds a listener; add it before {@link #start} to miss nothing. */
    public void addListener(MachineListener listener) {
        listeners.add(listener);
    }

    /**
     * Has the processors run when it is their turn among other machines' only; before {@link #start}. Without it they run
     * whenever they can.
     */
    public CpuAccount shareProcessors(CpuScheduler scheduler, CpuPolicy policy) {
        return thread.share(scheduler, policy);
    }

    /**
     * Powers on.
     *
     * @throws IllegalStateException if it was started before: a machine runs once
     */
    public synchronized void start() {
        if (started) {
            throw new IllegalStateException("machine " + config.name() + " was started before");
        }
        started = true;
        thread.execute(resumed ? clock::run : this::powerOn);
        thread.start();
    }

    /** Work on a machine that stands still. Called on its thread. */
    @FunctionalInterface
    public interface StillWork<T> {
        /** Does it, soon: the guest waits. */
        T run(Still machine) throws IOException;
    }

    /** A machine between two instructions: nothing is in flight to its disks, its memory doesn't change. */
    public final class Still {
        private Still() {}

        /**
         * Saves processors, devices and memory into a new folder. Not durable yet: see {@link SavedMachine#sync}.
         *
         * @throws IOException if the folder exists or can't be written; what is there then is rubbish
         */
        public SavedMachine save(Path folder) throws IOException {
            Files.createDirectory(folder);
            try (MemoryCopy copy = new MemoryCopy(folder.resolve(SavedMachine.MEMORY), board.memories())) {
                copy.copyAll();
                return SavedMachine.write(folder, copy.finish(new BitSet()), board, clock, config);
            }
        }

        /**
         * Saves what {@link Machine#beginSave} hasn't.
         *
         * @throws IOException if the folder can't be written; what is there then is rubbish
         */
        public SavedMachine save(RunningSave begun) throws IOException {
            return SavedMachine.write(begun.folder(), begun.finish(board.takeWritten()), board, clock, config);
        }

        /** Ends the machine here: its guest executes nothing more. */
        public void end() {
            Machine.this.end(new MachineEnd(MachineEnd.Cause.STOPPED, "stopped"));
        }
    }

    /**
     * Stops the guest between two instructions, does the work, and lets the guest run on whatever came of it. The guest's
     * clock stands still meanwhile.
     *
     * @return completed with the work's result or failure, or with {@link IllegalStateException} if the machine doesn't
     *     run
     */
    public <T> CompletableFuture<T> whenStill(StillWork<T> work) {
        return onThread(() -> {
            obeyPower(); // or a guest that switches itself off at this moment would be saved running for ever
            if (end != null) {
                throw new IllegalStateException("machine " + config.name() + " has ended");
            }
            clock.stop();
            long since = System.nanoTime();
            try {
                board.quiesce();
                return work.run(new Still());
            } finally {
                LOG.info("machine {} stood still for {} ms", config.name(), (System.nanoTime() - since) / 1_000_000);
                if (!paused) {
                    clock.run();
                }
            }
        });
    }

    /**
     * Begins to save into a new folder while the guest runs on, so that it needn't stand still for long. Blocks until most
     * of the memory is there.
     *
     * @return what goes to {@link Still#save(RunningSave)} soon, and is closed afterwards
     * @throws IOException if the folder exists or can't be written, or the machine is being saved already; what is there
     *     then is rubbish
     * @throws IllegalStateException if the machine doesn't run
     */
    public RunningSave beginSave(Path folder) throws IOException {
        RunningSave begun = join(onThread(() -> {
            if (saving != null) {
                throw new IOException("machine " + config.name() + " is being saved already: wait for that");
            }
            Files.createDirectory(folder);
            MemoryCopy copy = new MemoryCopy(folder.resolve(SavedMachine.MEMORY), board.memories());
            saving = new RunningSave(folder, copy, new WrittenRam());
            board.trackWrites(true);
            return saving;
        }));
        boolean ahead = false;
        try {
            begun.copyAhead();
            ahead = true;
            return begun;
        } finally {
            if (!ahead) {
                begun.close();
            }
        }
    }

    private final class WrittenRam implements RunningSave.WrittenPages {
        @Override
        public BitSet take() throws IOException {
            return join(onThread(board::takeWritten));
        }

        @Override
        public void forget() {
            post(() -> {
                saving = null;
                board.trackWrites(false);
            });
        }
    }

    /**
     * Waits for what the machine's thread does, such as {@link #whenStill}.
     *
     * @throws IOException if that failed so; other failures are thrown as they were, too
     */
    public static <T> T join(CompletableFuture<T> future) throws IOException {
        try {
            return future.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof IOException cause) {
                throw cause;
            }
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw e;
        }
    }

    /** Makes the guest and its clock stand still until {@link #cont}; viewers still see the screen. */
    public CompletableFuture<Void> pause() {
        return setPaused(true);
    }

    /** Lets a paused guest run on. */
    public CompletableFuture<Void> cont() {
        return setPaused(false);
    }

    private CompletableFuture<Void> setPaused(boolean pause) {
        return onThread(() -> {
            paused = pause;
            thread.still(pause);
            if (pause) {
                clock.stop();
            } else {
                clock.run();
            }
            return null;
        });
    }

    private interface ThreadWork<T> {
        @Nullable
        T run() throws IOException;
    }

    @SuppressWarnings("NullAway") // a Void future completes with null
    private <T> CompletableFuture<T> onThread(ThreadWork<T> work) {
        CompletableFuture<T> result = new CompletableFuture<>();
        Object key = new Object();
        waiting.put(key, result);
        var _ = result.whenComplete((_, _) -> waiting.remove(key));
        try {
            thread.execute(() -> {
                try {
                    result.complete(work.run());
                } catch (IOException | RuntimeException | OutOfMemoryError e) {
                    result.completeExceptionally(e);
                }
            });
            if (over) {
                failWaiting();
            }
        } catch (RejectedExecutionException e) {
            failWaiting();
        }
        return result;
    }

    private void failWaiting() {
        IllegalStateException gone = new IllegalStateException("machine " + config.name() + " has ended");
        waiting.values().forEach(future -> future.completeExceptionally(gone));
    }

    private void powerOn() {
        board.reset();
        board.generation.set(randomId());
        Boot boot = config.boot() instanceof Boot.Deferred(Supplier<Boot.Kernel> read) ? read.get() : config.boot();
        if (boot instanceof Boot.Kernel(LinuxKernel kernel, Initrd initrd, String commandLine)) {
            long rsdp = AcpiTables.install(
                    board.memory, config.cpus(), config.equipment().hpet());
            new DirectBoot(kernel, initrd, commandLine, board.bootFramebuffer(config.display()), rsdp)
                    .load(board.memory, board.cpus.getFirst().state());
            board.cpus.getFirst().stateChanged();
        } else if (config.boot() instanceof Boot.Multiboot multiboot) {
            AcpiTables.install(board.memory, config.cpus(), config.equipment().hpet());
            new MultibootLoader(multiboot.kernel(), multiboot.module(), multiboot.commandLine())
                    .load(board.memory, board.cpus.getFirst().state());
            board.cpus.getFirst().stateChanged();
        }
    }

    /** A method and not the field: devices are built before the thread that they post to. */
    private void execute(Runnable task) {
        thread.execute(task);
    }

    private void post(Runnable task) {
        try {
            thread.execute(task);
        } catch (RejectedExecutionException e) {
            LOG.debug("machine {} has ended already", config.name());
        }
    }

    /**
     * Puts a disc into the CD drive, in place of one that may be there, and closes the tray. The machine closes the disc
     * when it comes out, or at once if this fails.
     *
     * @return completed when it is in; with {@link IllegalStateException} if there is no drive or the machine has ended
     */
    public CompletableFuture<Void> insertDisc(DiskImage disc) {
        CompletableFuture<Void> done = onThread(() -> {
            cdDrive().insert(disc).ifPresent(this::closeDisk);
            return null;
        });
        return done.whenComplete((_, failure) -> {
            if (failure != null) {
                closeDisk(disc);
            }
        });
    }

    /**
     * Opens the CD drive's tray and takes the disc. A guest that uses the disc may have locked the tray: it is then asked
     * to let go, and the tray stays closed.
     *
     * @param force opens the tray even so
     * @return whether the disc is out; completed with {@link IllegalStateException} as {@link #insertDisc}
     */
    public CompletableFuture<Boolean> ejectDisc(boolean force) {
        return onThread(() -> {
            boolean open = cdDrive().eject(force);
            if (open) {
                cdDrive().remove().ifPresent(this::closeDisk);
            }
            return open;
        });
    }

    /**
     * Makes a disk larger, and tells the guest. Blocks while the image changes.
     *
     * @param number of the disk, from 0
     * @param bytes the new size: whole sectors, at least the present size
     * @return completed when the guest was told; what it makes of it is its own affair
     * @throws oriel.hypervisor.disk.DiskException if the image can't
     */
    public CompletableFuture<Void> growDisk(int number, long bytes) {
        if (number < 0 || number >= config.disks().size()) {
            throw new IllegalArgumentException("machine " + config.name() + " has no disk " + number);
        }
        config.disks().get(number).grow(bytes);
        return onThread(() -> {
            board.disks.get(number).resized();
            return null;
        });
    }

    /** What its disks and network cards did so far, by device and name. */
    public CompletableFuture<Map<String, Map<String, Long>>> deviceCounters() {
        return onThread(() -> {
            Map<String, Map<String, Long>> all = new LinkedHashMap<>();
            board.counting().forEach(device -> all.put(device.name(), device.counters()));
            return all;
        });
    }

    private CdDrive cdDrive() {
        if (board.cdDrive == null) {
            throw new IllegalStateException("machine " + config.name() + " has no CD drive");
        }
        return board.cdDrive;
    }

    private void closeDisk(DiskImage disk) {
        try {
            disk.close();
        } catch (RuntimeException e) {
            LOG.warn("machine {}: a disk could not be closed: {}", config.name(), e.getMessage());
        }
    }

    /** Presses the power button. Over already: nothing happens, here and below. */
    public void powerButton() {
        post(board.powerManagement::pressPowerButton);
    }

    /** Pulls the reset line: the guest boots again. */
    public void reset() {
        post(this::resetNow);
    }

    private void resetNow() {
        listeners.forEach(MachineListener::reset);
        if (end == null) {
            powerOn();
        }
    }

    private void obeyPower() {
        OptionalInt exit = power.takeExit();
        if (exit.isPresent()) {
            end(new MachineEnd(
                    MachineEnd.Cause.POWER_OFF, "the guest ended its run with status " + exit.getAsInt(), exit));
        } else if (power.takeOff()) {
            end(new MachineEnd(MachineEnd.Cause.POWER_OFF, "the guest switched itself off"));
        } else if (power.takeReset()) {
            resetNow();
        }
    }

    private void tripleFault() {
        LOG.info(
                "machine {}: triple fault at {}",
                config.name(),
                Long.toHexString(board.cpus.getFirst().state().rip));
        resetNow();
    }

    private void end(MachineEnd how) {
        if (end == null) {
            end = how;
        }
        thread.end();
    }

    /** Ends the run as failed, for a reason that only the caller can see. */
    public void fail(String reason) {
        post(() -> end(new MachineEnd(MachineEnd.Cause.FAILED, reason)));
    }

    /**
     * Pulls the plug and waits until the machine is gone and its disks are closed. Never started: it is over without
     * having run. Over already: returns at once.
     *
     * @throws InterruptedException if interrupted while waiting; the machine still ends
     */
    public void stop() throws InterruptedException {
        endUnstarted();
        post(() -> end(new MachineEnd(MachineEnd.Cause.STOPPED, "stopped")));
        if (!thread.isCurrent()) {
            thread.join();
        }
    }

    /** The thread is started all the same, only to end: what it closes at the end is closed in one place. */
    private synchronized void endUnstarted() {
        if (!started) {
            started = true;
            end = new MachineEnd(MachineEnd.Cause.STOPPED, "stopped before it was started");
            thread.end();
            thread.start();
        }
    }

    /** For people. */
    public String name() {
        return config.name();
    }

    /** The screen, keyboard and pointer. */
    public Display display() {
        return board.display;
    }

    /** What it plays; the same as of its {@link #display}. */
    public Sound sound() {
        return board.sound;
    }

    /** The programs in the guest that do things for the host. */
    public GuestAgent guestAgent() {
        return board.guestAgent;
    }

    /** RAM in bytes, as configured. */
    public long memoryBytes() {
        return (long) config.memoryMib() << 20;
    }

    /** Memory that the guest lends back. */
    public MemoryBalloon balloon() {
        return new PostedBalloon(board.balloon, this::post);
    }

    /** What its RAM and video memory have of the host's; nothing once it is over. */
    public HostMapping.Resident residentMemory() {
        HostMapping.Resident none = new HostMapping.Resident(0, 0);
        return onThread(() ->
                        board.memories().stream().map(HostMapping::resident).reduce(none, HostMapping.Resident::plus))
                .exceptionally(_ -> none)
                .join();
    }

    /** Bytes of the host's memory that its RAM and video memory alone have; 0 once it is over. */
    public long privateMemory() {
        return residentMemory().own();
    }

    /** What it has used so far. */
    public MachineStatistics statistics() {
        MachineStatistics last = finalStatistics;
        return last != null ? last : measure();
    }

    private MachineStatistics measure() {
        long instructions = board.cpus.stream().mapToLong(Vcpu::instructions).sum();
        long cpu = cpuNanos(thread.id());
        if (parallel != null) {
            cpu += parallel.threadIds().stream().mapToLong(Machine::cpuNanos).sum();
        }
        return new MachineStatistics(
                Duration.ofNanos(System.nanoTime() - createdNanos),
                Duration.ofNanos(cpu),
                instructions,
                board.cpus.stream()
                        .filter(EmulatedCpu.class::isInstance)
                        .map(processor -> ((EmulatedCpu) processor).translations())
                        .reduce(TranslationStatistics.NONE, TranslationStatistics::plus));
    }

    private static long cpuNanos(long threadId) {
        return Math.max(0, ManagementFactory.getThreadMXBean().getThreadCpuTime(threadId));
    }

    private MachineEnd reason(@Nullable Throwable failure) {
        if (failure != null) {
            LOG.error("machine {} broke", config.name(), failure);
            return new MachineEnd(MachineEnd.Cause.FAILED, "the machine broke: " + failure);
        }
        MachineEnd how = end;
        return how != null ? how : new MachineEnd(MachineEnd.Cause.FAILED, "the machine ended without a reason");
    }

    private void tell(Runnable event) {
        try {
            event.run();
        } catch (RuntimeException e) {
            LOG.error("a listener of machine {} failed; the others are told", config.name(), e);
        }
    }

    /** The machine thread's last act. */
    private void ended(@Nullable Throwable failure) {
        MachineEnd how = reason(failure);
        for (MachineListener listener : listeners) {
            tell(listener::ending);
        }
        finalStatistics = measure();
        io.close(); // waits for requests under way
        config.disks().forEach(this::closeDisk);
        config.ideDisk().ifPresent(this::closeDisk);
        if (board.cdDrive != null) {
            board.cdDrive.remove().ifPresent(this::closeDisk);
        }
        board.disconnectGuest();
        board.sound.close();
        board.display.close(how.detail());
        if (saving != null) {
            tell(saving::abandon);
        }
        board.close();
        over = true;
        failWaiting();
        for (MachineListener listener : listeners) {
            tell(() -> listener.ended(how));
        }
    }
}
