package oriel.broker.web;

import java.util.Optional;

/**
 * Knows which other broker must answer, because what is asked for runs in its process. Thread-safe; blocks.
 */
public interface Elsewhere {
    /** There is no other broker. */
    Elsewhere NOWHERE = new Elsewhere() {
        @Override
        public Optional<Peer> ofMachine(String machine) {
            return Optional.empty();
        }

        @Override
        public Optional<Peer> ofTicket(String ticket) {
            return Optional.empty();
        }

        @Override
        public String proof(String text) {
            return "";
        }
    };

    /**
     * The broker that has a machine.
     *
     * @return empty: this one, or there is no such machine
     * @throws oriel.broker.problem.RefusedException if that broker does not answer just now
     */
    Optional<Peer> ofMachine(String machine);

    /** The broker that has the display which a ticket opens; the ticket stays good. Empty: this one, or nobody knows. */
    Optional<Peer> ofTicket(String ticket);

    /** What only brokers of this installation can write under a text. */
    String proof(String text);
}
