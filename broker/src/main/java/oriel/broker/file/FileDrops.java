package oriel.broker.file;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import oriel.broker.access.Caller;
import oriel.broker.audit.AuditEntry;
import oriel.broker.audit.AuditTrail;
import oriel.broker.pool.Pool;
import oriel.broker.pool.PoolPolicy;
import oriel.broker.problem.Reason;
import oriel.broker.problem.RefusedException;
import oriel.broker.session.DesktopSession;
import oriel.broker.store.Store;
import oriel.hypervisor.guest.GuestAgent;
import oriel.hypervisor.guest.GuestCommand;
import oriel.hypervisor.guest.GuestCommandResult;
import oriel.hypervisor.host.HypervisorHost;

/**
 * Hands files of a user over to the desktop they work in, through the guest's agent, where the pool's policy lets them.
 * In the guest they are written with the rights of the person at the desktop, never with root's. Thread-safe.
 */
public final class FileDrops {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    /** The part lies elsewhere than where the file goes on. */
    private static final int OUT_OF_ORDER = 3;
    /** Writing failed; what there was of the file is gone. */
    private static final int NOT_WRITTEN = 4;

    private final Store store;
    private final HypervisorHost host;
    private final AuditTrail audit;

    /** With its collaborators. */
    public FileDrops(Store store, HypervisorHost host, AuditTrail audit) {
        this.store = store;
        this.host = host;
        this.audit = audit;
    }

    /**
     * How far a file is.
     *
     * @param received bytes that the guest has
     * @param name what it is called there, once it is complete
     * @param folder where it is then, in the person's home: Desktop, so that it is seen at once, or Documents in a guest without
     */
    public record Received(
            long received, @Nullable String name, @Nullable String folder) {}

    /**
     * Writes a part. The same part again does no harm; the last one puts the file in place, under another name if there
     * is one of that name.
     *
     * @throws RefusedException {@link Reason#FORBIDDEN} if the policy takes no files; {@link Reason#NOT_READY} if the
     *     guest has no agent that answers; {@link Reason#CONFLICT} if the part is not the next one, or the disk is full
     */
    public Received put(UUID sessionId, FilePart part, Caller caller) {
        int length = part.length();
        DesktopSession session = store.call(tx -> {
            DesktopSession found = tx.find(DesktopSession.class, sessionId)
                    .orElseThrow(() -> RefusedException.notFound("session " + sessionId));
            if (!found.lives()) {
                throw new RefusedException(Reason.SESSION_ENDED, "The session has ended.");
            }
            if (tx.find(Pool.class, found.poolId())
                    .filter(pool -> pool.policy().fileDrop() == PoolPolicy.FileDrop.TO_GUEST)
                    .isEmpty()) {
                throw new RefusedException(Reason.FORBIDDEN, "This desktop takes no files.");
            }
            return found;
        });
        GuestAgent agent = host.guestAgent(session.machineName())
                .filter(GuestAgent::ready)
                .orElseThrow(() -> new RefusedException(
                        Reason.NOT_READY, "The desktop can't take files now: its guest agent does not answer."));
        boolean last = part.offset() + length == part.size();
        String name = FileName.harmless(part.name());
        GuestCommandResult result = run(
                agent,
                new GuestCommand(
                        "/bin/sh",
                        List.of(
                                "-c",
                                AS_PERSON,
                                "sh",
                                Objects.requireNonNull(part.id()).toString(),
                                Long.toString(part.offset()),
                                Integer.toString(length),
                                last ? name : ""),
                        List.of(),
                        part.data()));
        if (result.exitCode() == OUT_OF_ORDER) {
            throw new RefusedException(Reason.CONFLICT, "The file goes on elsewhere. Hand it over again.");
        }
        if (result.exitCode() == NOT_WRITTEN) {
            throw new RefusedException(
                    Reason.CONFLICT,
                    "The desktop's disk is full. Delete something there, and hand the file over again.");
        }
        if (result.exitCode() != 0) {
            String why = (result.errors() + " " + result.output()).strip();
            throw new RefusedException(
                    Reason.CONFLICT,
                    "The desktop could not take the file: " + why.substring(0, Math.min(200, why.length())));
        }
        if (last) {
            audit.record(
                    AuditEntry.by(caller, "file.drop", session.machineName(), name + ", " + part.size() + " bytes"));
        }
        return last ? complete(part.size(), result.output()) : new Received(part.offset() + length, null, null);
    }

    /** What the guest answers is its own claim: shown to its user alone, and cleaned as the name was. */
    private static Received complete(long size, String answer) {
        int slash = answer.indexOf('/');
        String folder = slash < 0 ? "" : answer.substring(0, slash);
        return new Received(size, FileName.harmless(answer.substring(slash + 1).strip()), FileName.harmless(folder));
    }

    private static GuestCommandResult run(GuestAgent agent, GuestCommand command) {
        try {
            return agent.execute(command, PATIENCE).get();
        } catch (ExecutionException e) {
            throw new RefusedException(
                    Reason.NOT_READY, "The desktop did not take the file in time. Try again in a moment.");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new RefusedException(Reason.SHUTTING_DOWN, "The server stops.");
        }
    }

    /** In the shell of the person: $1 id, $2 offset, $3 length, $4 the name if this is the last part. */
    static final String WRITE = """
            set -e
            umask 077
            folder=Documents
            [ ! -d "$HOME/Desktop" ] || folder=Desktop
            mkdir -p "$HOME/$folder"
            cd "$HOME/$folder"
            part=".$1.part"
            if [ "$2" = 0 ]; then
              # Of files that were called off.
              find . -maxdepth 1 -type f -name '.*-*-*-*-*.part' -mmin +30 -delete
              [ -s "$part" ] || : >"$part"
            fi
            have=$(stat -c %s "$part")
            if [ "$have" = "$2" ]; then
              base64 -d >>"$part" || { rm -f "$part"; exit 4; }
              have=$(stat -c %s "$part")
            else
              cat >/dev/null
            fi
            [ "$have" = "$(($2 + $3))" ] || exit 3
            [ -n "$4" ] || exit 0
            stem=${4%.*} ending=${4##*.}
            [ "$ending" != "$4" ] && ending=".$ending" || ending=
            target=$4 n=1
            while [ -e "$target" ] || [ -L "$target" ]; do
              target="$stem ($n)$ending"
              n=$((n + 1))
            done
            mv -n "$part" "$target"
            printf '%s' "$folder/$target"
            """;

    /** Root's part: becomes the first person of the guest, who sits at the desktop. */
    private static final String AS_PERSON = """
            person=$(awk -F: '$3 >= 1000 && $3 < 60000 { print $1; exit }' /etc/passwd)
            [ -n "$person" ] || { echo "there is no person in this guest" >&2; exit 1; }
            HOME=$(awk -F: -v name="$person" '$1 == name { print $6 }' /etc/passwd)
            export HOME
            exec runuser -u "$person" -- /bin/sh -c '%s' sh "$@"
            """.formatted(WRITE.replace("'", "'\\''"));
}
