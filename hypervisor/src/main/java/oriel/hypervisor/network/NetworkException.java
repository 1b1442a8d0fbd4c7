package oriel.hypervisor.network;

/** A network can't be used; the message says why and what to do. */
public final class NetworkException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** With a reason. */
    public NetworkException(String message) {
        super(message);
    }

    /** With a reason and what caused it. */
    public NetworkException(String message, Throwable cause) {
        super(message, cause);
    }
}
