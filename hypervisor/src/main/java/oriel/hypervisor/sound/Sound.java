package oriel.hypervisor.sound;

/**
 * What a machine plays. There is one stream at a time; guests mix. The machine plays at the same pace whether anybody listens
 * or not. Thread-safe.
 */
public interface Sound {
    /** Of what has no loudspeaker. */
    Sound SILENT = new Sound() {
        @Override
        public void addListener(PcmListener listener) {}

        @Override
        public void removeListener(PcmListener listener) {}
    };

    /**
     * Adds a listener. It is told at once, on the machine's thread, if the guest plays already. A machine that is over: it is
     * never called.
     */
    void addListener(PcmListener listener);

    /**
     * Removes it. An event that is just being told may still reach it after this returns. It isn't told
     * {@link PcmListener#closed}.
     */
    void removeListener(PcmListener listener);
}
