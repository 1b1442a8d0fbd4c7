package oriel.hypervisor.host;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import oriel.hypervisor.disk.ChainConsolidation;
import oriel.hypervisor.disk.DiskFormat;
import oriel.hypervisor.disk.DiskImages;

/**
 * Merges the layers below a machine's head that no snapshot needs into the head, under a running guest. Copying takes no
 * lock of the machine's; only the change of the chain does. A machine that is off isn't touched: whoever starts it must
 * not wait. One that stops meanwhile keeps what was copied, and the merge begins again there.
 *
 * <p>Order: content copied up; overlay's header; label; files deleted. Killed before the label: the label knows layers
 * that the head doesn't need, and the next merge puts that right.
 */
final class LayerMerge {
    private final MachineFolder files;
    private final Object lock;
    private final Supplier<@Nullable MachineRun> running;
    private final BooleanSupplier cancelled;

    /** What is to be merged, as the label says. */
    private record Plan(MachineFolder.Label label, int belowHead, Path head, Optional<Path> base) {}

    /**
     * Yet to be done.
     *
     * @param lock the machine's
     * @param running the machine's run, if it runs
     * @param cancelled whether to give up soon
     */
    LayerMerge(MachineFolder files, Object lock, Supplier<@Nullable MachineRun> running, BooleanSupplier cancelled) {
        this.files = files;
        this.lock = lock;
        this.running = running;
        this.cancelled = cancelled;
    }

    void run() throws IOException {
        Optional<Plan> plan;
        MachineRun run;
        synchronized (lock) {
            plan = plan();
            run = running.get();
            if (plan.isEmpty() || run == null) {
                return;
            }
        }
        ChainConsolidation consolidation =
                new ChainConsolidation(plan.get().head(), run.disk, plan.get().base());
        consolidation.copy(() -> !cancelled.getAsBoolean());
        synchronized (lock) {
            if (!cancelled.getAsBoolean() && running.get() == run && plan.equals(plan())) {
                consolidation.finish();
                commit(plan.get());
            }
        }
    }

    /** The chain is shorter: the label says so, and what nobody needs is deleted. */
    private void commit(Plan plan) throws IOException {
        DiskLayers merged = plan.label().layers().headOn(plan.belowHead());
        MachineFolder.Label label =
                plan.label().with(merged.prune(files.snapshots().layers()));
        files.commit(label);
        files.clean(label);
    }

    private Optional<Plan> plan() throws IOException {
        Optional<MachineFolder.Label> present = files.label();
        if (present.isEmpty()) {
            return Optional.empty();
        }
        MachineFolder.Label label = present.get();
        DiskLayers layers = label.layers();
        int below =
                layers.nearestBelow(layers.head(), files.snapshots().layers()).orElse(DiskLayers.NONE);
        if (layers.below() == below) {
            return Optional.empty();
        }
        if (below != DiskLayers.NONE) {
            return Optional.of(new Plan(label, below, files.disk(label), Optional.of(layer(label, below))));
        }
        int bottom = layers.bottom();
        Optional<Path> golden = DiskImages.backingFile(layer(label, bottom));
        if (golden.isPresent() && MachineMaking.formatOf(golden.get()) == DiskFormat.RAW) {
            // The head's header says that it lies on a qcow2 image: the lowest layer stays.
            return layers.below() == bottom
                    ? Optional.empty()
                    : Optional.of(new Plan(label, bottom, files.disk(label), Optional.of(layer(label, bottom))));
        }
        return Optional.of(new Plan(label, DiskLayers.NONE, files.disk(label), golden));
    }

    private Path layer(MachineFolder.Label label, int layer) {
        return files.disk(label.generation(), layer);
    }
}
