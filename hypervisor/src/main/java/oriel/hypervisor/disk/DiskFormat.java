package oriel.hypervisor.disk;

import java.util.Locale;

/** Formats of disk images. */
public enum DiskFormat {
    /** The disk's bytes and nothing else. */
    RAW,
    /** QEMU's copy-on-write format, versions 2 and 3. */
    QCOW2;

    /** The name in qcow2 headers and on QEMU's command lines: "raw", "qcow2". */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
