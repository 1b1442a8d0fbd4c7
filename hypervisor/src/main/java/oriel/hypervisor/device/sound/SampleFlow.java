package oriel.hypervisor.device.sound;

/** Where a bus master takes samples from memory to, or brings them to memory from. Confined to the machine's thread. */
interface SampleFlow {
    /** Samples flow from now on. */
    void started();

    /**
     * Samples flow: taken from memory, or to be filled in.
     *
     * @param length in bytes; whole frames
     */
    void transfer(byte[] samples, int length);

    /** The guest was late: so many frames of silence passed. */
    void skipped(long frames);

    /** Nothing flows any more. */
    void stopped();
}
