package oriel.broker.image;

import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;

/** A golden image: a name for a line of versions. */
@Entity
@Table(name = "image")
public class Image {
    @Id
    private String name;

    private String displayName;
    private Instant created;

    /** For Hibernate. */
    @SuppressWarnings("NullAway.Init")
    protected Image() {}

    Image(String name, String displayName, Instant created) {
        this.name = name;
        this.displayName = displayName;
        this.created = created;
    }

    String name() {
        return name;
    }

    String displayName() {
        return displayName;
    }

    Instant created() {
        return created;
    }
}
