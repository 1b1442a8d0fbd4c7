package oriel.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;
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
