package oriel.hypervisor.device.virtio;

/**
 * The driver broke the protocol (virtio 1.2): the message says how. The transport turns it into DEVICE_NEEDS_RESET; it
 * never leaves the device.
 */
public final class VirtioException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Of a driver that broke a rule. */
    public VirtioException(String message) {
        super(message, null, false, false); // a guest can cause these at will: no stack trace
    }
}
