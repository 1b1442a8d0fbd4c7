package oriel.broker.store;

import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;

/** The one row that tells installations apart. */
@Entity
@Table(name = "installation")
public class Installation {
    /** Key of the only row. */
    public static final int ONLY = 1;

    @Id
    private int id;

    private String ownerLabel;

    /** For Hibernate. */
    @SuppressWarnings("NullAway.Init")
    protected Installation() {}

    /** Of a new installation. */
    public Installation(String ownerLabel) {
        this.id = ONLY;
        this.ownerLabel = ownerLabel;
    }

    /** The label that all machines of this installation carry on their hosts. */
    public String ownerLabel() {
        return ownerLabel;
    }
}
