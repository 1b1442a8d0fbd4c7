package oriel.hypervisor.device.storage;

import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;

/**
 * A drive, as its channel sees it: the registers of the command block (ATA/ATAPI-6 §7), and bytes for the bus master.
 * Confined to the machine's thread.
 */
interface IdeDrive {
    /**
     * Plugs it in.
     *
     * @param interrupt raises INTRQ
     * @param dmaReady tells that {@link #dmaAvailable} or {@link #dmaDone} may have changed
     */
    void connect(Runnable interrupt, Runnable dmaReady);

    int status();

    int error();

    int count();

    int low();

    int middle();

    int high();

    void setFeatures(int value);

    void setCount(int value);

    void setLow(int value);

    void setMiddle(int value);

    void setHigh(int value);

    /** Whether reads of 48-bit registers show what was written before the last value (HOB, ATA/ATAPI-6 §7.9.5). */
    void showPrevious(boolean previous);

    /**
     * Starts a command.
     *
     * @param device the channel's device register
     */
    void command(int command, int device);

    int readData();

    void writeData(int word);

    /** Power-on or the reset line. */
    void hardReset();

    /** SRST: the drive shows what it is. */
    void softReset();

    /** Bytes that can be moved by DMA now. */
    int dmaAvailable();

    /** Whether they go to the guest's memory. */
    boolean dmaToMemory();

    /** Hands bytes over, at most as many as are available. */
    byte[] takeDma(int length);

    /** Takes bytes, at most as many as are available. */
    void giveDma(byte[] bytes);

    /** All that was available has been moved. */
    void dmaMoved();

    /** Whether the drive has no more to move. */
    boolean dmaDone();

    /** The guest's table or memory doesn't fit. */
    void dmaFailed();

    /** Waits for what the host still does. */
    void quiesce();

    void save(StateWriter out);

    void load(StateReader in);
}
