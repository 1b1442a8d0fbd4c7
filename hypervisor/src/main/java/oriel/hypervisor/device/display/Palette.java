package oriel.hypervisor.device.display;

import java.util.Arrays;

/** Colours by number, 0x00RRGGBB. Immutable. */
final class Palette {
    /** For pictures that have none. */
    static final Palette NONE = new Palette(new int[0]);

    private final int[] colours;

    private Palette(int[] colours) {
        this.colours = colours;
    }

    static Palette of(int... colours) {
        return new Palette(colours.clone());
    }

    int rgb(int number) {
        return colours[number];
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Palette palette && Arrays.equals(palette.colours, colours);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(colours);
    }
}
