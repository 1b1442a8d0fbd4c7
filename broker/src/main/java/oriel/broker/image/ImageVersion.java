package oriel.broker.image;

import jakarta.persistence.Entity;
import jakarta.persistence.EnumType;
import jakarta.persistence.Enumerated;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.nio.file.Path;
import java.time.Instant;
import java.util.UUID;
import org.hibernate.annotations.JdbcTypeCode;
import org.hibernate.type.SqlTypes;
import org.jspecify.annotations.Nullable;
import oriel.hypervisor.host.BootSpec;

/** One version of a golden image. */
@Entity
@Table(name = "image_version")
public class ImageVersion {
    @Id
    private UUID id;

    private String imageName;
    private int number;

    @Enumerated(EnumType.STRING)
    @JdbcTypeCode(SqlTypes.VARCHAR)
    private VersionState state;

    private String disk;
    private String kernel;
    private String initrd;
    private String commandLine;
    private String changelog;
    private String fingerprint;
    private @Nullable String folder;
    private @Nullable String failure;
    private Instant created;

    /** For Hibernate. */
    @SuppressWarnings("NullAway.Init")
    protected ImageVersion() {}

    /** One that is being made. */
    ImageVersion(String imageName, int number, String changelog, Instant created) {
        this.id = UUID.randomUUID();
        this.imageName = imageName;
        this.number = number;
        this.state = VersionState.BUILDING;
        this.disk = "";
        this.kernel = "";
        this.initrd = "";
        this.commandLine = "";
        this.changelog = changelog;
        this.fingerprint = "";
        this.created = created;
    }

    /** Its files are there; nobody gets it before it is published. */
    void made(ImageDirectory directory, Path folder, String fingerprint) {
        this.state = VersionState.DRAFT;
        this.failure = null;
        this.folder = folder.toString();
        this.disk = directory.disk().toString();
        this.kernel = directory.boot().kernel().toString();
        this.initrd = directory.boot().initrd().toString();
        this.commandLine = directory.boot().commandLine();
        this.fingerprint = fingerprint;
    }

    void publish(@Nullable String text) {
        state = VersionState.READY;
        changelog = text == null ? changelog : text;
    }

    void notMade(String why) {
        state = VersionState.ERROR;
        failure = why.length() <= 1900 ? why : why.substring(0, 1900);
    }

    /** The folder that the broker has made for it; null if its files are where somebody else keeps them. */
    @Nullable
    Path folder() {
        return folder == null ? null : Path.of(folder);
    }

    /** 1 is the first. */
    public int number() {
        return number;
    }

    /** Where in its life it is. */
    public VersionState state() {
        return state;
    }

    /** What machines' disks are backed by. */
    public Path disk() {
        return Path.of(disk);
    }

    /** How its machines boot. */
    public BootSpec boot() {
        return new BootSpec(Path.of(kernel), Path.of(initrd), commandLine);
    }

    String imageName() {
        return imageName;
    }

    String changelog() {
        return changelog;
    }

    @Nullable
    String failure() {
        return failure;
    }

    Instant created() {
        return created;
    }

    void deprecate() {
        state = VersionState.DEPRECATED;
    }

    /** Whether it was made from these very files. */
    boolean isOf(ImageDirectory directory) {
        return commandLine.equals(directory.boot().commandLine()) && fingerprint.equals(directory.fingerprint());
    }

    /** Whether its files are, or were, in that place. */
    boolean isAt(ImageDirectory directory) {
        return folder == null && disk.equals(directory.disk().toString());
    }

    /** Its files were replaced. */
    void gone() {
        state = VersionState.DELETED;
    }
}
