package oriel.hypervisor.host;

/** How a machine comes by its disk and memory when it is new. */
public sealed interface Cloning {
    /** A thin overlay on the golden disk; the machine boots from it. */
    record Linked() implements Cloning {}

    /** A copy of the golden disk: independent of it from then on, and as large as it. The machine boots from it. */
    record Full() implements Cloning {}

    /**
     * A fork of a warm template: the machine goes on where the template was sealed, with an identity of its own, and
     * has drawn its desktop when {@link HypervisorHost#start} returns. Its disk is a thin overlay on the template's. A
     * machine that has run and was stopped has a disk of its own, and boots from that like any other; a refresh (the
     * next generation) forks again.
     *
     * @param template name of a template that {@link HypervisorHost#prepareTemplate} has sealed, of the same owner, and
     *     with the same amount of memory and processors
     */
    record Instant(String template) implements Cloning {
        /** Checks the name. */
        public Instant {
            if (!MachineSpec.isName(template)) {
                throw new IllegalArgumentException("\"" + template + "\" is no template name");
            }
        }
    }

    /** See {@link Linked}. */
    static Cloning linked() {
        return new Linked();
    }

    /** See {@link Full}. */
    static Cloning full() {
        return new Full();
    }

    /** See {@link Instant}. */
    static Cloning instant(String template) {
        return new Instant(template);
    }
}
