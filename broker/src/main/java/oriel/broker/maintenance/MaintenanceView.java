package oriel.broker.maintenance;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A maintenance machine as the API shows it.
 *
 * @param image that is edited
 * @param baseVersion whose disk it lies on
 * @param machine its name on its host
 * @param state how far it is
 * @param sealTo the version that it becomes, while it does
 * @param memoryMib its RAM
 * @param vcpus its processors
 * @param openedBy who began
 * @param failure what went wrong last
 * @param created when that was
 * @param changed last change
 */
public record MaintenanceView(
        String image,
        int baseVersion,
        String machine,
        MaintenanceState state,
        @Nullable Integer sealTo,
        int memoryMib,
        int vcpus,
        String openedBy,
        @Nullable String failure,
        Instant created,
        Instant changed) {}
