package oriel.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import oriel.broker.access.Caller;
import oriel.broker.access.Role;
import oriel.broker.image.Images;
import oriel.broker.image.VersionState;
import oriel.broker.operation.Journal.OperationView;
import oriel.broker.operation.OperationState;
import oriel.broker.pool.Push;
import oriel.broker.problem.Reason;
import oriel.broker.problem.RefusedException;

/** Golden images: imported, published, deprecated, deleted. */
class ImagesTest {
    private static OperationView ended(Fixture f, UUID id) {
        return await().until(
                        () -> f.broker.operation(id),
                        operation -> operation.state() != OperationState.PENDING
                                && operation.state() != OperationState.RUNNING);
    }

    private static Optional<VersionState> state(Fixture f, String image, int version) {
        return f.broker.images().get(image).versions().stream()
                .filter(v -> v.version() == version)
                .map(Images.VersionView::state)
                .findFirst();
    }

    @Test
    void aRawDiskIsImportedAsADraftPublishedPushedAndDeletedWhenNobodyUsesIt() throws Exception {
        try (Fixture f = new Fixture(1, 0)) {
            f.user("maker", Role.ADMIN);
            Caller maker = f.signIn("maker");
            Path from = Files.createDirectories(f.directory.resolve("images/import"));
            Files.write(from.resolve("custom.raw"), new byte[1 << 20]);
            OperationView operation = f.broker
                    .images()
                    .load("debian-desktop", new Images.Source("custom.raw", null, null, "quiet splash"), maker);
            OperationView done = ended(f, operation.id());
            assertThat(done.state()).as(done.failure()).isEqualTo(OperationState.DONE);
            assertThat(done.progress()).isEqualTo(100);
            assertThat(state(f, "debian-desktop", 2)).contains(VersionState.DRAFT);
            assertThatThrownBy(() -> f.broker.pools().push("demo", new Push.Order(2, 0, 1, false), null, maker))
                    .as("a draft is not offered")
                    .isInstanceOfSatisfying(
                            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.IMAGE_NOT_READY));
            f.broker.images().publish("debian-desktop", 2, "with a splash", null, maker);
            f.broker.pools().push("demo", new Push.Order(2, 0, 1, false), null, maker);
            await().until(() -> f.pool().imageVersion() == 2);
            assertThatThrownBy(() -> f.broker.images().delete("debian-desktop", 2, null, maker))
                    .isInstanceOfSatisfying(
                            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.IMAGE_IN_USE));
            f.awaitSettled();
            f.broker.images().delete("debian-desktop", 1, null, maker);
            assertThat(state(f, "debian-desktop", 1)).contains(VersionState.DELETED);
            assertThat(f.directory.resolve("images/debian-desktop/versions/1")).doesNotExist();
            assertThat(f.directory.resolve("images/debian-desktop/versions/2/disk.qcow2"))
                    .exists();
        }
    }

    private static Path disk(Path folder, String format) throws Exception {
        Path raw = folder.resolve("from-" + format + ".bytes");
        byte[] content = new byte[4 << 20];
        new Random(format.hashCode()).nextBytes(content);
        Files.write(raw, content);
        Path made = folder.resolve("disk." + format);
        qemuImg("convert", "-f", "raw", "-O", format, raw.toString(), made.toString());
        return raw;
    }

    private static void qemuImg(String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of("qemu-img"));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as("%s: %s", command, output).isZero();
    }

    private static boolean hasQemuImg() {
        try {
            return new ProcessBuilder("qemu-img", "--version")
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"qcow2", "vmdk", "vhdx", "vdi"})
    void aDiskOfAnotherProductIsImportedWithEveryByte(String format) throws Exception {
        assumeTrue(hasQemuImg(), "needs qemu-img (package qemu-utils)");
        try (Fixture f = new Fixture(0, 0)) {
            f.user("maker", Role.ADMIN);
            Caller maker = f.signIn("maker");
            Path folder = Files.createDirectories(f.directory.resolve("images/import"));
            Path raw = disk(folder, format);
            OperationView done = ended(
                    f,
                    f.broker
                            .images()
                            .load("debian-desktop", new Images.Source("disk." + format, null, null, null), maker)
                            .id());
            assertThat(done.state()).as(done.failure()).isEqualTo(OperationState.DONE);
            Path imported = f.directory.resolve("images/debian-desktop/versions/2/disk.qcow2");
            qemuImg("compare", "-f", "raw", "-F", "qcow2", raw.toString(), imported.toString());
        }
    }

    @Test
    void aDiskThatRefersToAnotherFileIsNotImported() throws Exception {
        assumeTrue(hasQemuImg(), "needs qemu-img (package qemu-utils)");
        try (Fixture f = new Fixture(0, 0)) {
            f.user("maker", Role.ADMIN);
            Caller maker = f.signIn("maker");
            Path folder = Files.createDirectories(f.directory.resolve("images/import"));
            Path secret = f.directory.resolve("secret.bytes");
            Files.write(secret, new byte[1 << 20]);
            qemuImg(
                    "create",
                    "-f",
                    "qcow2",
                    "-b",
                    secret.toString(),
                    "-F",
                    "raw",
                    folder.resolve("layered.qcow2").toString());
            OperationView failed = ended(
                    f,
                    f.broker
                            .images()
                            .load("debian-desktop", new Images.Source("layered.qcow2", null, null, null), maker)
                            .id());
            assertThat(failed.state()).isEqualTo(OperationState.FAILED);
            assertThat(failed.failure()).contains("refers to other files");
        }
    }

    /** A build program that takes no time. */
    private static Path recipes(Path home, String script) throws Exception {
        Path golden = Files.createDirectories(home.resolve("config/golden"));
        Files.createDirectories(golden.resolve("debian-desktop"));
        Path build = golden.resolve("build");
        Files.writeString(build, "#!/bin/sh\n" + script);
        assertThat(build.toFile().setExecutable(true)).isTrue();
        return home;
    }

    private static final String BUILD = """
            echo progress 10 unpacking
            echo fetched the packages
            cd "$2" || exit 1
            head -c 1048576 /dev/zero > disk.raw
            echo kernel > vmlinuz; echo initrd > initrd.img
            printf 'title=Debian\\ncommand_line=quiet\\n' > image.properties
            echo progress 90 done
            """;

    @Test
    void anImageIsBuiltByApiWithItsLogLiveAndPublished(@TempDir Path home) throws Exception {
        String before = System.setProperty("oriel.home", recipes(home, BUILD).toString());
        try (Fixture f = new Fixture(0, 0)) {
            f.user("maker", Role.ADMIN);
            Http maker = new Http(f.listen()).signedIn("maker", Fixture.PASSWORD);
            String path = "/api/v1/images/debian-desktop";
            UUID operation;
            try (EventStream events = new EventStream(maker)) {
                events.await("hello");
                operation = UUID.fromString(
                        Http.json(maker.post(path + "/build", "{}")).path("id").asString());
                assertThat(events.await(
                                        "log",
                                        log -> log.path("line").asString().contains("fetched"))
                                .path("version")
                                .asInt())
                        .isEqualTo(2);
            }
            OperationView done = ended(f, operation);
            assertThat(done.state()).as(done.failure()).isEqualTo(OperationState.DONE);
            assertThat(state(f, "debian-desktop", 2)).contains(VersionState.DRAFT);
            maker.post(path + "/versions/2/publish", Map.of("changelog", "rebuilt"));
            assertThat(state(f, "debian-desktop", 2)).contains(VersionState.READY);

            recipes(home, "echo error the mirror is away; exit 1\n");
            OperationView failed = ended(
                    f,
                    UUID.fromString(Http.json(maker.post(path + "/build", "{}"))
                            .path("id")
                            .asString()));
            assertThat(failed.state()).isEqualTo(OperationState.FAILED);
            assertThat(failed.failure()).contains("the mirror is away");
            assertThat(state(f, "debian-desktop", 3)).contains(VersionState.ERROR);
        } finally {
            if (before == null) {
                System.clearProperty("oriel.home");
            } else {
                System.setProperty("oriel.home", before);
            }
        }
    }

    @Test
    void whatCannotBeImportedIsSaidAndLeavesNoVersionToPublish() throws Exception {
        try (Fixture f = new Fixture(0, 0)) {
            f.user("maker", Role.ADMIN);
            Caller maker = f.signIn("maker");
            Files.createDirectories(f.directory.resolve("images/import"));
            Files.writeString(f.directory.resolve("images/import/secret.txt"), "no disk");
            for (String file : new String[] {"../../oriel.mv.db", "nothing.raw", "secret.txt"}) {
                OperationView failed = ended(
                        f,
                        f.broker
                                .images()
                                .load("debian-desktop", new Images.Source(file, null, null, null), maker)
                                .id());
                assertThat(failed.state()).as(file).isEqualTo(OperationState.FAILED);
                assertThat(failed.failure())
                        .as(file)
                        .contains(Path.of(file).getFileName().toString());
            }
            assertThat(state(f, "debian-desktop", 2)).contains(VersionState.ERROR);
            assertThatThrownBy(() -> f.broker.images().publish("debian-desktop", 2, null, null, maker))
                    .isInstanceOf(RefusedException.class);
        }
    }
}
