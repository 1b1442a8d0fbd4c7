package oriel.hypervisor.host;

import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Which disk files a machine has, and what each lies on. Layer 0 lies on the golden disk, or on nothing; each snapshot
 * freezes the layer that was written until then. Immutable.
 *
 * @param head the layer that the machine writes
 * @param parents for each layer the one below it, {@link #NONE} for layer 0
 */
record DiskLayers(int head, SortedMap<Integer, Integer> parents) {
    static final int NONE = -1;
    static final DiskLayers FIRST = new DiskLayers(0, new TreeMap<>(Map.of(0, NONE)));

    DiskLayers {
        if (!parents.containsKey(head)) {
            throw new IllegalArgumentException("layer " + head + " is unknown");
        }
        parents = new TreeMap<>(parents);
    }

    /** With a new layer on {@code below}, which the machine writes from then on. */
    DiskLayers on(int below) {
        TreeMap<Integer, Integer> more = new TreeMap<>(parents);
        int next = parents.lastKey() + 1;
        more.put(next, below);
        return new DiskLayers(next, more);
    }

    /** With the head directly on another layer: what was between is in the head now. */
    DiskLayers headOn(int below) {
        TreeMap<Integer, Integer> shorter = new TreeMap<>(parents);
        shorter.put(head, below);
        return new DiskLayers(head, shorter);
    }

    /** What the head lies on, {@link #NONE} for the golden disk or nothing. */
    int below() {
        return parents.getOrDefault(head, NONE);
    }

    /** The lowest layer below the head, or the head itself. */
    int bottom() {
        int at = head;
        for (int steps = 0; steps < parents.size() && parents.getOrDefault(at, NONE) != NONE; steps++) {
            at = parents.getOrDefault(at, NONE);
        }
        return at;
    }

    /** Without the layers that neither the machine nor one of {@code frozen} needs. */
    DiskLayers prune(Set<Integer> frozen) {
        Set<Integer> needed = new HashSet<>();
        addWithParents(head, needed);
        frozen.forEach(layer -> addWithParents(layer, needed));
        TreeMap<Integer, Integer> less = new TreeMap<>(parents);
        less.keySet().retainAll(needed);
        return new DiskLayers(head, less);
    }

    private void addWithParents(int layer, Set<Integer> to) {
        Integer at = layer;
        while (at != null && at != NONE && to.add(at)) {
            at = parents.get(at);
        }
    }

    /** The nearest of {@code candidates} below a layer, the layer itself left out. */
    Optional<Integer> nearestBelow(int layer, Set<Integer> candidates) {
        Integer at = parents.get(layer);
        for (int steps = 0; at != null && steps < parents.size(); steps++) {
            if (candidates.contains(at)) {
                return Optional.of(at);
            }
            at = parents.get(at);
        }
        return Optional.empty();
    }

    String text() {
        return parents.entrySet().stream()
                .map(entry -> entry.getKey() + ":" + entry.getValue())
                .collect(Collectors.joining(" "));
    }

    /** Reads {@link #text}; what makes no sense is an {@link IllegalArgumentException}. */
    static DiskLayers parse(int head, String text) {
        TreeMap<Integer, Integer> parents = new TreeMap<>();
        for (String pair : text.split(" ", -1)) {
            if (!pair.matches("[0-9]{1,6}:(-1|[0-9]{1,6})")) {
                throw new IllegalArgumentException("layers are " + text);
            }
            int colon = pair.indexOf(':');
            parents.put(Integer.valueOf(pair.substring(0, colon)), Integer.valueOf(pair.substring(colon + 1)));
        }
        return new DiskLayers(head, parents);
    }
}
