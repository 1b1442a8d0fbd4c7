package oriel.hypervisor.bus;

import java.util.Map;

/** A device that counts what it does. */
public interface Counting {
    /** The device's name, unique in the machine. */
    String name();

    /** What it did since the machine was made, by name, in the order to show it in. On the machine's thread. */
    Map<String, Long> counters();
}
