package oriel.hypervisor.cpu.kvm;

import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * In what a processor by this host's KVM falls short of its model. A guest that was started without something can do
 * without it anywhere; one that was started with it can't.
 *
 * @param missing names of features that its model has and the host can't give
 * @param tscKhz rate of the time stamp counter; {@value #TSC_KHZ} is what every model has
 */
public record HostLimits(Set<String> missing, int tscKhz) {
    /** The rate that models have: a tick a nanosecond. */
    public static final int TSC_KHZ = 1_000_000;

    /** No limits: an emulated processor's. */
    public static final HostLimits NONE = new HostLimits(Set.of(), TSC_KHZ);

    /** The time stamp counter can be set, so that it goes on where it was in another process. */
    static final String SETTABLE_TSC = "SETTABLE_TSC";

    private static final String SEPARATOR = " ";

    /** Sorts. */
    public HostLimits {
        missing = java.util.Collections.unmodifiableSortedSet(new TreeSet<>(missing));
    }

    static HostLimits of(Set<String> missing, int tscKhz, boolean settable) {
        Set<String> all = new TreeSet<>(missing);
        if (!settable) {
            all.add(SETTABLE_TSC);
        }
        return new HostLimits(all, tscKhz);
    }

    /**
     * Why a guest that was started within limits can't go on within these.
     *
     * @return empty if it can
     */
    public String obstacleFor(HostLimits started) {
        if (started.tscKhz != tscKhz) {
            return "its time stamp counter runs at %d kHz, here it would at %d".formatted(started.tscKhz, tscKhz);
        }
        Set<String> lost = new TreeSet<>(missing);
        lost.removeAll(started.missing);
        return lost.isEmpty() ? "" : "it uses what this processor lacks: " + String.join(", ", lost);
    }

    /** As text, for {@link #parse}. */
    public String format() {
        return tscKhz + missing.stream().map(name -> SEPARATOR + name).collect(Collectors.joining());
    }

    /**
     * Reads what {@link #format} gave.
     *
     * @throws IllegalArgumentException if it isn't that
     */
    public static HostLimits parse(String text) {
        String[] parts = text.split(SEPARATOR, -1);
        return new HostLimits(Arrays.stream(parts).skip(1).collect(Collectors.toSet()), Integer.parseInt(parts[0]));
    }
}
