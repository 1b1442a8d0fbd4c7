package oriel.broker;

import java.util.List;
import oriel.broker.audit.AuditTrail;
import oriel.broker.display.Ticket;
import oriel.broker.event.OutboxRow;
import oriel.broker.identity.Account;
import oriel.broker.identity.Accounts;
import oriel.broker.identity.keycloak.OidcResource;
import oriel.broker.image.Image;
import oriel.broker.image.ImageVersion;
import oriel.broker.image.Template;
import oriel.broker.machine.HostDrain;
import oriel.broker.machine.HostRegistration;
import oriel.broker.machine.Machine;
import oriel.broker.maintenance.MaintenanceMachine;
import oriel.broker.operation.Operation;
import oriel.broker.pool.Entitlement;
import oriel.broker.pool.Pool;
import oriel.broker.pool.QueuePlace;
import oriel.broker.recording.SessionRecording;
import oriel.broker.role.RoleGrant;
import oriel.broker.session.DesktopSession;
import oriel.broker.session.SignInTiming;
import oriel.broker.shadow.ShadowRequest;
import oriel.broker.snapshot.Snapshot;
import oriel.broker.snapshot.SnapshotPicture;
import oriel.broker.store.IdempotentAnswer;
import oriel.broker.store.Installation;

/** Every mapped class. */
final class Entities {
    static final List<Class<?>> ALL = java.util.stream.Stream.of(
                    List.<Class<?>>of(
                            Installation.class,
                            Account.class,
                            Image.class,
                            ImageVersion.class,
                            Pool.class,
                            Entitlement.class,
                            QueuePlace.class,
                            Machine.class,
                            DesktopSession.class,
                            Ticket.class,
                            Operation.class,
                            RoleGrant.class,
                            Snapshot.class,
                            SnapshotPicture.class,
                            IdempotentAnswer.class,
                            Template.class,
                            ShadowRequest.class,
                            SessionRecording.class,
                            MaintenanceMachine.class,
                            OutboxRow.class,
                            HostDrain.class,
                            HostRegistration.class,
                            SignInTiming.class),
                    Accounts.ENTITIES,
                    OidcResource.ENTITIES,
                    AuditTrail.ENTITIES)
            .flatMap(List::stream)
            .toList();

    private Entities() {}
}
