package oriel.hypervisor.machine;

import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import oriel.hypervisor.cpu.Vcpu;
import oriel.hypervisor.disk.DiskImage;
import oriel.hypervisor.display.Display;
import oriel.hypervisor.firmware.AcpiTables;
import oriel.hypervisor.firmware.Boot;
import oriel.hypervisor.firmware.DirectBoot;
import oriel.hypervisor.firmware.FirmwareException;
import oriel.hypervisor.firmware.Initrd;
import oriel.hypervisor.firmware.LinuxKernel;

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
    private final Board board;
    private final MachineThread thread;
    private final List<MachineListener> listeners = new CopyOnWriteArrayList<>();
    private final long createdNanos = System.nanoTime();

    /** Why the run ends; set on the machine's thread before it does. */
    private @Nullable MachineEnd end;

    private volatile boolean started;
    private volatile @Nullable MachineStatistics finalStatistics;

    /**
     * Assembles a machine; the disks are its own from now on.
     *
     * @throws FirmwareException if the processors can't be run as asked
     */
    public Machine(MachineConfig config) {
        if (config.accelerator() == Accelerator.KVM) {
            throw new FirmwareException("this build has no KVM back end yet: use --accel auto or emulated");
        }
        this.config = config;
        this.clock = new VirtualClock(System::nanoTime, Machine::wallNanos);
        this.power = new PowerSwitch(() -> execute(this::obeyPower));
        this.io = Executors.newSingleThreadExecutor(Thread.ofPlatform()
                .name("machine " + config.name() + " disk")
                .daemon(true)
                .factory());
        this.board = new Board(config, clock, power, this::execute, io);
        this.thread =
                new MachineThread(config.name(), clock, board.cpus, board::select, this::tripleFault, this::ended);
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
     * Powers on.
     *
     * @throws IllegalStateException if it was started before: a machine runs once
     */
    public synchronized void start() {
        if (started) {
            throw new IllegalStateException("machine " + config.name() + " was started before");
        }
        started = true;
        thread.execute(this::powerOn);
        thread.start();
    }

    private void powerOn() {
        board.reset();
        if (config.boot() instanceof Boot.Kernel(LinuxKernel kernel, Initrd initrd, String commandLine)) {
            long rsdp = AcpiTables.install(board.memory, config.cpus());
            new DirectBoot(kernel, initrd, commandLine, board.bootFramebuffer(config.display()), rsdp)
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
        if (power.takeOff()) {
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

    /** The screen, keyboard and pointer. */
    public Display display() {
        return board.display;
    }

    /** What it has used so far. */
    public MachineStatistics statistics() {
        MachineStatistics last = finalStatistics;
        return last != null ? last : measure();
    }

    private MachineStatistics measure() {
        long instructions = board.cpus.stream().mapToLong(Vcpu::instructions).sum();
        long cpu = Math.max(0, ManagementFactory.getThreadMXBean().getThreadCpuTime(thread.id()));
        return new MachineStatistics(
                Duration.ofNanos(System.nanoTime() - createdNanos), Duration.ofNanos(cpu), instructions);
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
        for (DiskImage disk : config.disks()) {
            try {
                disk.close();
            } catch (RuntimeException e) {
                LOG.warn("machine {}: a disk could not be closed: {}", config.name(), e.getMessage());
            }
        }
        board.display.close(how.detail());
        board.close();
        for (MachineListener listener : listeners) {
            tell(() -> listener.ended(how));
        }
    }
}
