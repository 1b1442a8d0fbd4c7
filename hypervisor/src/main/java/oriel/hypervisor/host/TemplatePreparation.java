package oriel.hypervisor.host;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import oriel.hypervisor.cpu.emulated.SharedCode;
import oriel.hypervisor.disk.DiskFormat;
import oriel.hypervisor.disk.DiskImage;
import oriel.hypervisor.disk.DiskImages;
import oriel.hypervisor.display.Display;
import oriel.hypervisor.host.HostException.Reason;
import oriel.hypervisor.machine.Accelerator;
import oriel.hypervisor.machine.Machine;
import oriel.hypervisor.machine.MachineConfig;
import oriel.hypervisor.machine.MachineEnd;
import oriel.hypervisor.machine.MachineListener;
import oriel.hypervisor.machine.SavedMachine;

/**
 * Boots a golden image once and seals it as a template. {@link #prepare} is called by one thread at a time; the rest is
 * thread-safe.
 */
final class TemplatePreparation {
    private static final Logger LOG = LoggerFactory.getLogger(TemplatePreparation.class);

    /** How long a guest that is ready may go on drawing. */
    private static final Duration REST = Duration.ofSeconds(30);

    /** What the guest is called until it is a clone. */
    private static final String HOST_NAME = "oriel";

    private final Templates templates;
    private final Accelerator accelerator;
    private final BootCache boots;
    private final SharedCode sharedCode;
    private final MachineNetworks networks;
    private volatile @Nullable Running running;

    private record Running(TemplateSpec spec, Machine machine) {}

    TemplatePreparation(
            Templates templates,
            Accelerator accelerator,
            BootCache boots,
            SharedCode sharedCode,
            MachineNetworks networks) {
        this.templates = templates;
        this.accelerator = accelerator;
        this.boots = boots;
        this.sharedCode = sharedCode;
        this.networks = networks;
    }

    /** RAM of what is being prepared, 0 if nothing is. */
    long memoryMib() {
        Running now = running;
        return now == null ? 0 : now.spec().memoryMib();
    }

    Optional<Display> display() {
        return Optional.ofNullable(running).map(now -> now.machine().display());
    }

    Optional<TemplateStatus> status() {
        return Optional.ofNullable(running)
                .map(now -> new TemplateStatus(
                        now.spec().name(),
                        now.spec().owner(),
                        now.spec().memoryMib(),
                        now.spec().vcpus(),
                        Optional.empty(),
                        0));
    }

    /** Ends what is under way; {@link #prepare} fails. */
    void cancel() {
        Running now = running;
        if (now != null) {
            now.machine().fail("the host is closing");
        }
    }

    void prepare(TemplateSpec spec, Duration patience) throws IOException, HostException {
        Path partial = templates.begin(spec.name());
        boolean sealed = false;
        try {
            DiskImages.createOverlay(
                    Templates.disk(partial), spec.goldenDisk(), MachineMaking.formatOf(spec.goldenDisk()));
            SavedMachine saved = bootAndSave(spec, patience, partial);
            saved.sync();
            long bytes = saved.usedBytes() + Files.size(Templates.disk(partial));
            templates.commit(
                    new Templates.Entry(
                            spec.name(), spec.owner(), spec.goldenDisk(), RunSpec.of(spec), Instant.now(), bytes),
                    partial);
            LOG.info("template {} is sealed: {} MiB", spec.name(), bytes >> 20);
            sealed = true;
        } finally {
            running = null;
            if (!sealed) {
                FileTree.delete(partial);
            }
        }
    }

    private SavedMachine bootAndSave(TemplateSpec spec, Duration patience, Path partial)
            throws IOException, HostException {
        CompletableFuture<Void> ready = new CompletableFuture<>();
        SerialLog serial = new SerialLog(Templates.serialLog(partial), line -> {
            if (line.endsWith(InProcessHost.READY_LINE)) {
                ready.complete(null);
            }
        });
        Machine machine = new Machine(new MachineConfig(
                        machineName(spec),
                        spec.memoryMib(),
                        spec.vcpus(),
                        accelerator,
                        boots.get(spec.boot(), HOST_NAME),
                        List.of(open(Templates.disk(partial))),
                        MachineConfig.CdDrive.NONE,
                        spec.display(),
                        serial,
                        spec.networkCard()
                                ? List.of(networks.card(machineName(spec), spec.owner(), NetworkSpec.QUARANTINE))
                                : List.of())
                .with(sharedCode));
        machine.addListener(new MachineListener() {
            @Override
            public void ended(MachineEnd end) {
                serial.close();
                ready.completeExceptionally(new IllegalStateException(end.detail()));
            }
        });
        running = new Running(spec, machine);
        try {
            machine.start();
            ready.get(patience.toMillis(), TimeUnit.MILLISECONDS);
            if (!StillScreen.await(machine, REST)) {
                LOG.info("template {} goes on drawing: sealed as it is", spec.name());
            }
            return machine.whenStill(still -> {
                        SavedMachine saved = still.save(Templates.saved(partial));
                        still.end(); // the disk stays as the saved memory knows it
                        return saved;
                    })
                    .get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new HostException(Reason.FAILED, "interrupted while template " + spec.name() + " booted", e);
        } catch (TimeoutException e) {
            throw new HostException(
                    Reason.IMAGE,
                    "the guest of template %s did not get ready in %d s: look at its screen while it is prepared, or give it more time"
                            .formatted(spec.name(), patience.toSeconds()),
                    e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException cause) {
                throw cause;
            }
            throw new HostException(
                    Reason.IMAGE,
                    "the guest of template %s ended: %s"
                            .formatted(
                                    spec.name(),
                                    e.getCause() == null ? e : e.getCause().getMessage()),
                    e);
        } finally {
            stop(machine);
        }
    }

    private static String machineName(TemplateSpec spec) {
        return "template-" + spec.name();
    }

    private static void stop(Machine machine) {
        try {
            machine.stop();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static DiskImage open(Path disk) {
        return DiskImages.open(disk, Optional.of(DiskFormat.QCOW2), false);
    }
}
