package oriel.hypervisor.device.display;

import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;

/**
 * What is left of VGA: the attribute controller's index register, whose bit 5 lets the picture through. bochs-drm blanks
 * the screen with it, at the VGA ports' place in the adapter's own registers.
 */
final class VgaAttribute {
    private static final int ATTRIBUTE = 0x00; // port 3C0H
    private static final int INPUT_STATUS_1 = 0x1A; // port 3DAH
    private static final int PICTURE_ON = 0x20;

    private boolean picture;
    private boolean dataNext;

    VgaAttribute() {
        reset();
    }

    void reset() {
        picture = true; // no VGA BIOS has run that would have set it
        dataNext = false;
    }

    boolean picture() {
        return picture;
    }

    /** By offset from port 3C0H. */
    int read(int offset) {
        if (offset == INPUT_STATUS_1) {
            dataNext = false;
        }
        return offset == ATTRIBUTE ? (picture ? PICTURE_ON : 0) : 0;
    }

    void write(int offset, int value) {
        if (offset == ATTRIBUTE) {
            if (!dataNext) {
                picture = (value & PICTURE_ON) != 0;
            }
            dataNext = !dataNext;
        }
    }

    void save(StateWriter out) {
        out.bool(picture).bool(dataNext);
    }

    void load(StateReader in) {
        picture = in.bool();
        dataNext = in.bool();
    }
}
