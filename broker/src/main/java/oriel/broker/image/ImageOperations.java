package oriel.broker.image;

import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import oriel.broker.event.Signal;
import oriel.broker.event.Signals;
import oriel.broker.operation.Journal;
import oriel.broker.operation.Operation;
import oriel.broker.operation.OperationHandler;
import oriel.broker.operation.OperationKind;
import oriel.broker.problem.RefusedException;
import oriel.broker.store.Store;
import oriel.broker.store.Tx;
import oriel.hypervisor.host.HostException;
import tools.jackson.databind.json.JsonMapper;

/** Builds and imports versions of golden images. */
public final class ImageOperations implements OperationHandler {
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final Store store;
    private final Journal journal;
    private final Images images;
    private final Signals signals;
    private final Path root;
    private final Path recipes;

    /**
     * With its collaborators.
     *
     * @param root directory of golden images; what is imported lies in its folder {@code import}
     * @param recipes directory with the build script and the recipes
     */
    public ImageOperations(Store store, Journal journal, Images images, Signals signals, Path root, Path recipes) {
        this.store = store;
        this.journal = journal;
        this.images = images;
        this.signals = signals;
        this.root = root;
        this.recipes = recipes;
    }

    @Override
    public boolean mayBoot(Tx tx) {
        return true;
    }

    @Override
    public boolean begin(Tx tx, Operation operation) {
        return tx.first(
                        ImageVersion.class,
                        "from ImageVersion where imageName = ?1 and number = ?2",
                        operation.image(),
                        operation.imageVersion())
                .filter(version -> version.state() == VersionState.BUILDING)
                .isPresent();
    }

    @Override
    public void skipped(Tx tx, Operation operation) {}

    @Override
    public void perform(Operation operation) throws HostException {
        ImageFiles files = new ImageFiles(root);
        String image = operation.image();
        int version = operation.imageVersion();
        try {
            Path workshop = files.workshop(image, version);
            Steps steps = new Steps(operation);
            switch (operation.kind()) {
                case BUILD -> build(operation, workshop, steps);
                case IMPORT -> load(operation, workshop, steps);
                default -> throw new IllegalArgumentException("not an operation on images: " + operation.kind());
            }
            files.publish(workshop, image, version);
            ImageDirectory directory = ImageDirectory.read(files.folder(image, version), images.emulated());
            store.run(tx -> images.made(tx, image, version, directory));
            steps.at(100, "done");
        } catch (ImageBuildException | RefusedException e) {
            throw new HostException(HostException.Reason.IMAGE, String.valueOf(e.getMessage()), e);
        } catch (IOException e) {
            throw new HostException(HostException.Reason.FAILED, "Files could not be written: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new HostException(HostException.Reason.FAILED, "interrupted", e);
        }
    }

    private void build(Operation operation, Path workshop, Steps steps)
            throws ImageBuildException, InterruptedException {
        String recipe = operation.argument() == null ? operation.image() : operation.argument();
        Path folder = recipes.resolve(recipe).normalize();
        if (!folder.startsWith(recipes) || !Files.isDirectory(folder)) {
            throw new ImageBuildException("There is no recipe \"" + recipe + "\" in " + recipes + ".");
        }
        new RecipeBuild(recipes.resolve("build"), folder, workshop).run(steps);
    }

    private void load(Operation operation, Path workshop, Steps steps)
            throws ImageBuildException, InterruptedException, IOException {
        Images.Source source = JSON.readValue(String.valueOf(operation.argument()), Images.Source.class);
        Path from = root.resolve("import");
        steps.line("importing " + source.disk());
        DiskImport.convert(DiskImport.source(from, source.disk()), workshop.resolve("disk.qcow2"), steps);
        Properties properties = new Properties();
        String kernel = source.kernel();
        String initrd = source.initrd();
        if (kernel != null && initrd != null) {
            Files.copy(DiskImport.source(from, kernel), workshop.resolve("vmlinuz"));
            Files.copy(DiskImport.source(from, initrd), workshop.resolve("initrd.img"));
            properties.setProperty("title", operation.image());
        } else {
            Path like = store.call(
                            tx -> Images.ready(tx, operation.image(), null).disk())
                    .getParent();
            if (like == null) {
                throw new ImageBuildException("The image has no version whose kernel could be taken.");
            }
            for (String file : List.of("vmlinuz", "initrd.img")) {
                Files.copy(like.resolve(file), workshop.resolve(file), StandardCopyOption.REPLACE_EXISTING);
            }
            try (var reader = Files.newBufferedReader(like.resolve("image.properties"), StandardCharsets.UTF_8)) {
                properties.load(reader);
            }
        }
        if (source.commandLine() != null) {
            properties.setProperty("command_line", source.commandLine());
        }
        try (Writer writer = Files.newBufferedWriter(workshop.resolve("image.properties"), StandardCharsets.UTF_8)) {
            properties.store(writer, null);
        }
    }

    @Override
    public void done(Tx tx, Operation operation) {
        // Noted with the files, see Images.made: until then there is nothing that could be published.
    }

    @Override
    public void failed(Tx tx, Operation operation, HostException failure, boolean last) {
        if (last) {
            images.notMade(
                    tx,
                    operation.image(),
                    operation.imageVersion(),
                    failure.getMessage() == null ? failure.reason().name() : failure.getMessage());
        }
    }

    @Override
    public void settled(Operation operation) {}

    /** Kinds of operations that this one carries out. */
    public static List<OperationKind> kinds() {
        return List.of(OperationKind.BUILD, OperationKind.IMPORT);
    }

    /** Tells listeners how far a build is, line by line, and the journal now and then. */
    private final class Steps implements RecipeBuild.Progress {
        private static final long PAUSE_NANOS = 500_000_000L;
        private final Operation operation;
        private long told;
        private int percent = -1;

        Steps(Operation operation) {
            this.operation = operation;
        }

        @Override
        public void at(int now, String text) throws ImageBuildException {
            tell(text);
            long time = System.nanoTime();
            if (now == percent && time - told < PAUSE_NANOS) {
                return;
            }
            percent = now;
            told = time;
            if (!journal.progress(operation.id(), now, text)) {
                throw new ImageBuildException("cancelled");
            }
        }

        @Override
        public void line(String text) {
            tell(text);
        }

        private void tell(@Nullable String text) {
            if (text != null && !text.isBlank()) {
                signals.send(new Signal.Log(operation.image(), operation.imageVersion(), operation.id(), text.strip()));
            }
        }
    }
}
