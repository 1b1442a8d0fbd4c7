package oriel.hypervisor.json;

/** A text isn't JSON, or not of the expected shape; the message says where or which. */
public final class JsonException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** With a reason. */
    public JsonException(String message) {
        super(message);
    }
}
