package oriel.hypervisor.network;

import java.util.function.Consumer;

/** Where a network card's cable goes. */
@FunctionalInterface
public interface NetworkLink {
    /**
     * Plugs a card in.
     *
     * @param toCard takes frames for the card, on any thread; must not block, and drops what it has no room for. A frame
     *     isn't changed afterwards by either side
     * @throws NetworkException if the network can't be reached
     */
    Connection connect(Consumer<byte[]> toCard);

    /** A cable that is plugged in. Thread-safe. */
    interface Connection extends AutoCloseable {
        /**
         * Sends a frame; what can't be sent is dropped, as on any Ethernet.
         *
         * @param frame from the destination's address on, without check sequence; not to be changed afterwards
         */
        void send(byte[] frame);

        /** Unplugs it. */
        @Override
        void close();
    }
}
