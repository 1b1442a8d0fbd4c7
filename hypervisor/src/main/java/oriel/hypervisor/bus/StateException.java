package oriel.hypervisor.bus;

/** Saved device state that can't be loaded; the message says which device and why. */
public final class StateException extends RuntimeException {
    /** With a reason. */
    public StateException(String message) {
        super(message);
    }
}
