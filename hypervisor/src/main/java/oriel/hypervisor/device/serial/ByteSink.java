package oriel.hypervisor.device.serial;

/** Where a serial port's output goes. Called on the machine's thread: it must not block, and buffers or drops. */
@FunctionalInterface
public interface ByteSink {
    /** One byte, 0–255. */
    void accept(int value);
}
