package oriel.hypervisor.host;

import java.io.IOException;
import oriel.hypervisor.bus.StateException;
import oriel.hypervisor.disk.DiskException;
import oriel.hypervisor.firmware.FirmwareException;
import oriel.hypervisor.host.HostException.Reason;
import oriel.hypervisor.network.NetworkException;

/** What every call of a host does about failures. */
final class HostWork {
    private HostWork() {}

    /** Work that fails as files, disks and saved machines do. */
    interface Work<T> {
        T run() throws IOException, HostException;
    }

    /** The same without a result. */
    interface Task {
        void run() throws IOException, HostException;
    }

    static void doing(String what, Task task) throws HostException {
        reporting(what, () -> {
            task.run();
            return what;
        });
    }

    /** Does it, and says by a {@link HostException} what went wrong. */
    static <T> T reporting(String what, Work<T> work) throws HostException {
        try {
            return work.run();
        } catch (DiskException e) {
            throw new HostException(e.full() ? Reason.CAPACITY : Reason.IMAGE, String.valueOf(e.getMessage()), e);
        } catch (FirmwareException | StateException e) {
            throw new HostException(Reason.IMAGE, String.valueOf(e.getMessage()), e);
        } catch (NetworkException e) {
            throw new HostException(Reason.CAPACITY, what + ": " + e.getMessage(), e);
        } catch (OutOfMemoryError e) {
            throw new HostException(Reason.CAPACITY, what + ": " + e.getMessage(), e);
        } catch (IOException e) {
            throw new HostException(
                    FileTree.isFull(e) ? Reason.CAPACITY : Reason.FAILED, what + ": " + e.getMessage(), e);
        } catch (RuntimeException e) {
            throw new HostException(Reason.FAILED, what + ": " + e, e);
        }
    }
}
