package oriel.broker.store;

/** The database does not answer. Callers report it and try again later. */
public final class StoreUnavailableException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** With what the driver said. */
    public StoreUnavailableException(String message, Throwable cause) {
        super(message, cause);
    }
}
