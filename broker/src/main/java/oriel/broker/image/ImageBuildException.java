package oriel.broker.image;

/** A golden image could not be built or read; the message is for people and says what to do. */
public final class ImageBuildException extends Exception {
    private static final long serialVersionUID = 1L;

    /** With a reason for people. */
    public ImageBuildException(String message) {
        super(message);
    }
}
