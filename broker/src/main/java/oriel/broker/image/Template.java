package oriel.broker.image;

import jakarta.persistence.Entity;
import jakarta.persistence.EnumType;
import jakarta.persistence.Enumerated;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Duration;
import java.time.Instant;
import org.hibernate.annotations.JdbcTypeCode;
import org.hibernate.type.SqlTypes;
import org.jspecify.annotations.Nullable;
import oriel.hypervisor.display.DisplaySize;

/** A warm parent that instant clones are forked from: a version that was booted once with certain hardware, and frozen. */
@Entity
@Table(name = "warm_template")
public class Template {
    /** How far it is. */
    public enum State {
        /** Boots, to be frozen. */
        PREPARING,
        /** Can be forked. */
        READY,
        /** Could not be made: clones are linked ones. */
        FAILED
    }

    @Id
    private String name;

    private String imageName;
    private int imageVersion;
    private int memoryMib;
    private int vcpus;
    private int width;
    private int height;
    private boolean networkCard;
    private String host;

    @Enumerated(EnumType.STRING)
    @JdbcTypeCode(SqlTypes.VARCHAR)
    private State state;

    private @Nullable String failure;
    private Instant created;
    private @Nullable Long preparedMs;

    /** For Hibernate. */
    @SuppressWarnings("NullAway.Init")
    protected Template() {}

    /** One to be prepared. */
    public Template(
            String name,
            String imageName,
            int imageVersion,
            int memoryMib,
            int vcpus,
            DisplaySize display,
            boolean networkCard,
            String host,
            Instant created) {
        this.name = name;
        this.imageName = imageName;
        this.imageVersion = imageVersion;
        this.memoryMib = memoryMib;
        this.vcpus = vcpus;
        this.width = display.width();
        this.height = display.height();
        this.networkCard = networkCard;
        this.host = host;
        this.state = State.PREPARING;
        this.created = created;
    }

    /** Its name on its host. */
    public String name() {
        return name;
    }

    /** Whether it has a network card. */
    public boolean networkCard() {
        return networkCard;
    }

    /** Of which image. */
    public String imageName() {
        return imageName;
    }

    /** Of which version. */
    public int imageVersion() {
        return imageVersion;
    }

    /** RAM of its clones. */
    public int memoryMib() {
        return memoryMib;
    }

    /** Virtual CPUs of its clones. */
    public int vcpus() {
        return vcpus;
    }

    /** Screen of its clones. */
    public DisplaySize display() {
        return new DisplaySize(width, height);
    }

    /** Where it is. */
    public String host() {
        return host;
    }

    /** How far it is. */
    public State state() {
        return state;
    }

    /** Why it failed. */
    public @Nullable String failure() {
        return failure;
    }

    /** When it was wanted. */
    public Instant created() {
        return created;
    }

    /** How long it took, in milliseconds. */
    public @Nullable Long preparedMs() {
        return preparedMs;
    }

    /** It can be forked. */
    public void ready(Duration took) {
        state = State.READY;
        failure = null;
        preparedMs = took.toMillis();
    }

    /** It could not be made. */
    public void failed(String why) {
        state = State.FAILED;
        failure = why;
    }
}
