package oriel.broker.snapshot;

import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.util.UUID;

/** What was on a machine's screen when a snapshot of it was taken. Goes with the snapshot. */
@Entity
@Table(name = "snapshot_picture")
public class SnapshotPicture {
    /** Enough to tell one's windows apart. */
    static final int WIDTH = 480;

    @Id
    private UUID snapshotId;

    private byte[] png;

    /** For Hibernate. */
    @SuppressWarnings("NullAway.Init")
    protected SnapshotPicture() {}

    SnapshotPicture(UUID snapshotId, byte[] png) {
        this.snapshotId = snapshotId;
        this.png = png.clone();
    }

    byte[] png() {
        return png.clone();
    }
}
