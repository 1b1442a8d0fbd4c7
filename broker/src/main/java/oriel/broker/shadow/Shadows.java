package oriel.broker.shadow;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import oriel.broker.access.Caller;
import oriel.broker.audit.AuditEntry;
import oriel.broker.audit.AuditTrail;
import oriel.broker.display.Cut;
import oriel.broker.display.DisplayRight;
import oriel.broker.display.LiveDisplays;
import oriel.broker.display.Tickets;
import oriel.broker.event.Signal;
import oriel.broker.event.Signals;
import oriel.broker.machine.Machine;
import oriel.broker.problem.Check;
import oriel.broker.problem.Reason;
import oriel.broker.problem.RefusedException;
import oriel.broker.session.DesktopSession;
import oriel.broker.session.SessionState;
import oriel.broker.store.Store;
import oriel.broker.store.Tx;

/**
 * Watching a session: the helpdesk asks, the user agrees while looking at it, and from then on the helpdesk sees what
 * the user sees, without keyboard, pointer or clipboard. It ends when either says so, when the user looks away, with the
 * session, and after a while. Every step is recorded. Thread-safe.
 */
public final class Shadows {
    /** How long the user may think. */
    public static final Duration TIME_TO_ANSWER = Duration.ofSeconds(60);

    /** How long consent holds; for more, ask again. */
    public static final Duration LONGEST = Duration.ofMinutes(30);

    private static final int LONGEST_REASON = 300;

    private final Store store;
    private final Tickets tickets;
    private final LiveDisplays displays;
    private final AuditTrail audit;
    private final Signals signals;
    private final Clock clock;

    /** With its collaborators. */
    public Shadows(
            Store store, Tickets tickets, LiveDisplays displays, AuditTrail audit, Signals signals, Clock clock) {
        this.store = store;
        this.tickets = tickets;
        this.displays = displays;
        this.audit = audit;
        this.signals = signals;
        this.clock = clock;
    }

    /**
     * A question to a session's user.
     *
     * @param reason why, for the user
     */
    public record Question(@Nullable String reason) {
        /** Checks the length. */
        public Question {
            if (reason != null) {
                Check.text("reason", reason, LONGEST_REASON);
            }
        }
    }

    /**
     * A user's answer.
     *
     * @param allow whether the session may be watched
     */
    public record Answer(@Nullable Boolean allow) {
        /** Checks that it is one. */
        public Answer {
            Check.present("allow", allow);
        }
    }

    /** The right to open a display once, to watch. */
    public record Granted(ShadowView shadow, Tickets.Issued ticket) {}

    /**
     * Asks a session's user. Asked already and not answered yet: that request.
     *
     * @throws RefusedException {@link Reason#NOT_READY} if the user does not look at the session: nobody could agree;
     *     {@link Reason#CONFLICT} if somebody else watches or asks, or it is the caller's own session
     */
    public ShadowView ask(Caller caller, UUID sessionId, Question question) {
        return store.call(tx -> {
            DesktopSession session = tx.lock(DesktopSession.class, sessionId)
                    .orElseThrow(() -> RefusedException.notFound("session " + sessionId));
            if (!session.lives()) {
                throw new RefusedException(Reason.SESSION_ENDED, "The session has ended.");
            }
            if (session.accountId().equals(caller.userId())) {
                throw new RefusedException(Reason.CONFLICT, "This is your own session.");
            }
            if (session.state() != SessionState.CONNECTED) {
                throw new RefusedException(
                        Reason.NOT_READY, "The user does not look at the session just now, so nobody could agree.");
            }
            Instant now = clock.instant();
            for (ShadowRequest other : open(tx, sessionId)) {
                boolean valid = other.waits(now) || other.allows(now);
                if (valid && other.requesterId().equals(caller.userId())) {
                    return other.view();
                }
                if (valid) {
                    throw new RefusedException(
                            Reason.CONFLICT, other.requester() + " watches this session, or has just asked to.");
                }
                end(tx, other);
            }
            String reason = question.reason() == null ? "" : question.reason().strip();
            ShadowRequest request =
                    new ShadowRequest(UUID.randomUUID(), session, caller, reason, now, now.plus(TIME_TO_ANSWER));
            tx.insert(request);
            tell(tx, request);
            audit.record(
                    tx,
                    AuditEntry.by(caller, "shadow.ask", request.machineName(), reason)
                            .about(request.username()));
            return request.view();
        });
    }

    /**
     * The user's answer.
     *
     * @throws RefusedException {@link Reason#CONFLICT} if it comes too late
     */
    public ShadowView answer(Caller caller, UUID sessionId, UUID id, Answer answer) {
        boolean allow = Boolean.TRUE.equals(answer.allow());
        return store.call(tx -> {
            ShadowRequest request = require(tx, sessionId, id);
            Instant now = clock.instant();
            if (!request.waits(now)) {
                throw new RefusedException(Reason.CONFLICT, "The question has been answered or withdrawn.");
            }
            if (allow) {
                request.grant(now, now.plus(LONGEST));
            } else {
                request.deny(now);
            }
            tx.update(request);
            tell(tx, request);
            audit.record(
                    tx,
                    AuditEntry.by(
                                    caller,
                                    allow ? "shadow.allow" : "shadow.deny",
                                    request.machineName(),
                                    "asked by " + request.requester())
                            .about(request.requester()));
            return request.view();
        });
    }

    /**
     * The right to watch, for who has asked and was allowed.
     *
     * @throws RefusedException {@link Reason#FORBIDDEN} without consent; {@link Reason#NOT_READY} while the machine
     *     starts
     */
    public Granted ticket(Caller caller, UUID sessionId, UUID id) {
        return store.call(tx -> {
            ShadowRequest request = require(tx, sessionId, id);
            if (!request.requesterId().equals(caller.userId()) || !request.allows(clock.instant())) {
                throw new RefusedException(Reason.FORBIDDEN, "The user has not allowed this, or not any more.");
            }
            if (tx.find(Machine.class, request.machineName())
                    .filter(Machine::ready)
                    .isEmpty()) {
                throw new RefusedException(Reason.NOT_READY, "The desktop is starting. Ask again in a moment.");
            }
            Tickets.Issued ticket = tickets.issue(
                    tx, sessionId, caller.userId(), caller.signIn(), DisplayRight.VIEW, caller.address(), id);
            return new Granted(request.view(), ticket);
        });
    }

    /** Ends it, for whoever has asked, was asked, or may watch there; ended already: nothing happens. */
    public ShadowView end(Caller caller, UUID sessionId, UUID id) {
        return store.call(tx -> {
            ShadowRequest request = require(tx, sessionId, id);
            if (request.state().open()) {
                end(tx, request);
                audit.record(
                        tx,
                        AuditEntry.by(caller, "shadow.end", request.machineName(), "")
                                .about(other(request, caller)));
            }
            return request.view();
        });
    }

    private static String other(ShadowRequest request, Caller caller) {
        return request.accountId().equals(caller.userId()) ? request.requester() : request.username();
    }

    /** Requests of a session that something can still come of. */
    public List<ShadowView> list(UUID sessionId) {
        Instant now = clock.instant();
        return store.call(tx -> open(tx, sessionId).stream()
                .filter(request -> request.waits(now) || request.allows(now))
                .map(ShadowRequest::view)
                .toList());
    }

    /** One request. */
    public ShadowView get(UUID sessionId, UUID id) {
        return store.call(tx -> tx.find(ShadowRequest.class, id)
                .filter(request -> request.sessionId().equals(sessionId))
                .map(ShadowRequest::view)
                .orElseThrow(() -> RefusedException.notFound("shadow " + id)));
    }

    /** One request, for an event. */
    public Optional<ShadowView> find(UUID id) {
        return store.call(tx -> tx.find(ShadowRequest.class, id).map(ShadowRequest::view));
    }

    /** Somebody watches. */
    public void opened(Tickets.Redeemed grant, UUID id) {
        displays.opened(grant);
        store.run(tx -> tx.lock(ShadowRequest.class, id)
                .filter(request -> request.allows(clock.instant()))
                .ifPresentOrElse(
                        request -> {
                            request.watched(true);
                            tx.update(request);
                            tell(tx, request);
                            audit.record(
                                    tx,
                                    new AuditEntry(
                                                    request.requester(),
                                                    "shadow.watch",
                                                    request.machineName(),
                                                    oriel.broker.audit.AuditRecord.Outcome.OK,
                                                    "session " + request.sessionId(),
                                                    grant.address())
                                            .about(request.username()));
                        },
                        () -> signals.send(tx, cut(id))));
    }

    /** Somebody watches no more; consent holds on. */
    public void closed(UUID connection, UUID id) {
        displays.closed(connection);
        if (displays.shadowed(id)) {
            return;
        }
        store.run(tx -> tx.lock(ShadowRequest.class, id)
                .filter(request -> request.state().open())
                .ifPresent(request -> {
                    request.watched(false);
                    tx.update(request);
                    tell(tx, request);
                }));
    }

    /** A session's user looks at it no more, or it is over: so is what depends on their consent. */
    public void endFor(Tx tx, UUID sessionId) {
        for (ShadowRequest request : open(tx, sessionId)) {
            end(tx, request);
            audit.record(
                    tx,
                    AuditEntry.bySystem("shadow.end", request.machineName(), "the user does not look any more")
                            .about(request.username()));
        }
    }

    /** Who watches by a request has lost the right to. */
    public void revoke(UUID id) {
        store.run(tx -> tx.lock(ShadowRequest.class, id)
                .filter(request -> request.state().open())
                .ifPresent(request -> {
                    end(tx, request);
                    audit.record(
                            tx,
                            AuditEntry.bySystem(
                                            "shadow.end",
                                            request.machineName(),
                                            request.requester() + " may not watch any more")
                                    .about(request.username()));
                }));
    }

    /** Ends what nobody has answered, and what has lasted long enough. */
    public void sweep() {
        store.run(tx -> {
            for (UUID id : tx.list(
                    UUID.class,
                    "select id from ShadowRequest where state in (ASKED, GRANTED) and expires <= ?1",
                    clock.instant())) {
                tx.lock(ShadowRequest.class, id)
                        .filter(request -> request.state().open())
                        .ifPresent(request -> {
                            end(tx, request);
                            audit.record(
                                    tx,
                                    AuditEntry.bySystem("shadow.end", request.machineName(), "its time is up")
                                            .about(request.username()));
                        });
            }
        });
    }

    private void end(Tx tx, ShadowRequest request) {
        request.end(clock.instant());
        tx.update(request);
        Tickets.voidForShadow(tx, request.id());
        signals.send(tx, cut(request.id()));
        tell(tx, request);
    }

    private static Signal.CutDisplays cut(UUID id) {
        return new Signal.CutDisplays(
                Signal.CutDisplays.Of.SHADOW, id.toString(), Cut.REVOKED, "the session is not shared any more");
    }

    private void tell(Tx tx, ShadowRequest request) {
        signals.send(tx, new Signal.Shadow(request.id(), request.accountId(), request.requesterId()));
    }

    private static List<ShadowRequest> open(Tx tx, UUID sessionId) {
        return tx.list(
                ShadowRequest.class,
                "from ShadowRequest where sessionId = ?1 and state in (ASKED, GRANTED) order by created",
                sessionId);
    }

    private static ShadowRequest require(Tx tx, UUID sessionId, UUID id) {
        return tx.lock(ShadowRequest.class, id)
                .filter(request -> request.sessionId().equals(sessionId))
                .orElseThrow(() -> RefusedException.notFound("shadow " + id));
    }
}
