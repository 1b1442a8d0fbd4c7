package oriel.hypervisor.cpu.kvm;

/** The host's KVM is missing, lacks something, or gave up a guest. The message says what to do. */
public final class KvmException extends RuntimeException {
    /** With a message for people. */
    public KvmException(String message) {
        super(message);
    }
}
