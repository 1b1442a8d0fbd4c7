package oriel.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import oriel.broker.access.Caller;
import oriel.broker.access.Role;
import oriel.broker.audit.AuditEntry;
import oriel.broker.display.Tickets;
import oriel.broker.identity.Accounts;
import oriel.broker.identity.Passwords;
import oriel.broker.identity.SignIns;
import oriel.broker.problem.Reason;
import oriel.broker.problem.RefusedException;
import oriel.broker.session.Connected;

/** Tickets, passwords, lock-out, sign-ins and the audit trail. */
class SecurityTest {
    @Test
    void aTicketIsForOnceForAMinuteAndForItsSession() throws Exception {
        try (Fixture f = new Fixture(1, 0)) {
            Caller ann = f.newUser("ann");
            Connected.Ready ready = f.connectUntilReady(ann);
            String ticket = ready.ticket().ticket();
            assertThat(ticket).as("256 bits in base64url").hasSize(43);
            long stored =
                    f.broker.store().call(tx -> tx.count("select count(*) from Ticket where ticketHash = ?1", ticket));
            assertThat(stored).as("what is stored is no ticket").isZero();

            List<Optional<Tickets.Redeemed>> results = SessionsTest.inParallel(IntStream.range(0, 20)
                    .<Callable<Optional<Tickets.Redeemed>>>mapToObj(
                            i -> () -> f.broker.tickets().redeem(ticket))
                    .toList());
            assertThat(results.stream().filter(Optional::isPresent).count()).isEqualTo(1);
            assertThat(f.broker.tickets().redeem(ticket)).isEmpty();
            assertThat(f.broker.tickets().redeem("x".repeat(43))).isEmpty();
            assertThat(f.broker.tickets().redeem("")).isEmpty();

            Connected.Ready late = f.connectUntilReady(ann);
            f.clock.skip(Tickets.LIFE);
            assertThat(f.broker.tickets().redeem(late.ticket().ticket()))
                    .as("too late")
                    .isEmpty();

            Connected.Ready ended = f.connectUntilReady(ann);
            f.broker.sessions().logOff(ended.session().id(), ann);
            assertThat(f.broker.tickets().redeem(ended.ticket().ticket()))
                    .as("the session is over")
                    .isEmpty();

            Connected.Ready signedOut = f.connectUntilReady(ann);
            f.broker.signIns().signOut(ann);
            assertThat(f.broker.tickets().redeem(signedOut.ticket().ticket())).isEmpty();
        }
    }

    @Test
    void guessingLocksTheUserAndTheAddressLongerEachTime() {
        try (Fixture f = new Fixture(0, 0)) {
            f.user("ann");
            for (String name : List.of("ann", "nobody")) {
                for (int i = 0; i < 5; i++) {
                    assertThat(refusal(f, name, "wrong", "192.0.2.7")).isEqualTo(Reason.BAD_CREDENTIALS);
                }
                assertThat(refusal(f, name, "wrong", "192.0.2.8"))
                        .as("whether there is a user \"%s\" makes no difference", name)
                        .isEqualTo(Reason.LOCKED_OUT);
            }
            assertThat(refusal(f, "ann", Fixture.PASSWORD, "192.0.2.8")).isEqualTo(Reason.LOCKED_OUT);
            f.clock.skip(Duration.ofSeconds(16));
            assertThat(refusal(f, "ann", "wrong", "192.0.2.8")).isEqualTo(Reason.BAD_CREDENTIALS);
            f.clock.skip(Duration.ofSeconds(16));
            assertThat(refusal(f, "ann", Fixture.PASSWORD, "192.0.2.8"))
                    .as("twice as long")
                    .isEqualTo(Reason.LOCKED_OUT);
            f.clock.skip(Duration.ofSeconds(16));
            assertThat(f.broker.signIns().signIn("ann", Fixture.PASSWORD, "192.0.2.8"))
                    .isNotNull();
            assertThat(f.broker.signIns().signIn(" ANN ", Fixture.PASSWORD, "192.0.2.8"))
                    .isNotNull();

            for (int i = 0; i < 30; i++) {
                refusal(f, "user" + i, "wrong", "198.51.100.1");
            }
            assertThat(refusal(f, "ann", Fixture.PASSWORD, "198.51.100.1")).isEqualTo(Reason.LOCKED_OUT);
            assertThat(f.broker.signIns().signIn("ann", Fixture.PASSWORD, "192.0.2.9"))
                    .isNotNull();
        }
    }

    @Test
    void anAdministratorUnlocksAndParallelGuessesDoNotSlipThrough() throws Exception {
        try (Fixture f = new Fixture(0, 0)) {
            f.user("ann");
            List<Reason> reasons = SessionsTest.inParallel(IntStream.range(0, 20)
                    .<Callable<Reason>>mapToObj(i -> () -> refusal(f, "ann", "wrong", "192.0.2." + i))
                    .toList());
            assertThat(reasons.stream().filter(Reason.BAD_CREDENTIALS::equals).count())
                    .isEqualTo(5);
            assertThat(f.broker.accounts().get("ann").lockedUntil()).isNotNull();
            f.broker.accounts().unlock("ann", "test", "");
            assertThat(f.broker.signIns().signIn("ann", Fixture.PASSWORD, "192.0.2.1"))
                    .isNotNull();
        }
    }

    private static Reason refusal(Fixture f, String name, String password, String address) {
        try {
            f.broker.signIns().signIn(name, password, address);
            throw new AssertionError("signed in");
        } catch (RefusedException e) {
            return e.reason();
        }
    }

    @Test
    void signInsEndWhenNobodyUsesThem() {
        try (Fixture f = new Fixture(0, 0)) {
            Caller ann = f.newUser("ann");
            f.clock.skip(SignIns.IDLE.minusMinutes(5));
            assertThat(f.broker.signIns().bySignIn(ann.signIn(), "")).isPresent();
            f.clock.skip(SignIns.IDLE.minusMinutes(5));
            assertThat(f.broker.signIns().bySignIn(ann.signIn(), ""))
                    .as("it was used in between")
                    .isPresent();
            f.clock.skip(SignIns.IDLE);
            assertThat(f.broker.signIns().bySignIn(ann.signIn(), "")).isEmpty();

            Caller again = f.signIn("ann");
            for (Duration time = Duration.ZERO; time.compareTo(SignIns.LONGEST) < 0; time = time.plusMinutes(30)) {
                assertThat(f.broker.signIns().bySignIn(again.signIn(), "")).isPresent();
                f.clock.skip(Duration.ofMinutes(30));
            }
            assertThat(f.broker.signIns().bySignIn(again.signIn(), ""))
                    .as("however much it is used")
                    .isEmpty();
        }
    }

    @Test
    void theFirstUsersHaveStrongPasswordsThatAreMadeOnce() {
        try (Fixture f = new Fixture(0, 0)) {
            assertThat(f.broker.bootstrapUsers()).as("there are users already").isEmpty();
            assertThat(f.broker.accounts().list("", 10, ""))
                    .extracting(Accounts.UserView::username)
                    .containsExactly("admin", "demo");
            assertThatThrownBy(() -> f.broker.accounts().delete("admin", "test", ""))
                    .isInstanceOfSatisfying(
                            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.CONFLICT));
            f.user("boss", Role.ADMIN);
            f.broker.accounts().delete("admin", "test", "");
        }
        Passwords passwords = new Passwords();
        assertThat(passwords.generate()).matches("([a-z2-9]{5}-){3}[a-z2-9]{5}").isNotEqualTo(passwords.generate());
        assertThat(passwords.hash("x")).startsWith("$argon2id$v=19$m=19456,t=2,p=1$");
    }

    @Test
    void everyActIsRecordedAndNoRecordCanBeChangedOrRemovedUnseen() {
        try (Fixture f = new Fixture(1, 0)) {
            Caller ann = f.newUser("ann");
            f.connectUntilReady(ann);
            refusal(f, "ann", "wrong", "192.0.2.1");
            List<String> actions = f.broker
                    .store()
                    .call(tx -> tx.list(String.class, "select action from AuditRecord order by sequence"));
            assertThat(actions).contains("user.create", "pool.create", "login", "session.assign", "session.ticket");
            assertThat(f.broker.audit().verify().intact()).isTrue();
            long records = f.broker.audit().verify().records();
            assertThat(records).isEqualTo(actions.size());

            sql(f, "update audit_record set actor = 'eve' where sequence = 3");
            assertThat(f.broker.audit().verify().firstBroken()).isEqualTo(3);
            sql(f, "update audit_record set actor = 'system' where sequence = 3");
            assertThat(f.broker.audit().verify().intact()).isTrue();
            sql(f, "delete from audit_record where sequence = " + records);
            assertThat(f.broker.audit().verify().intact())
                    .as("the last one is missing")
                    .isFalse();
        }
    }

    @Test
    void recordsOfManyAtOnceMakeOneChain() throws Exception {
        try (Fixture f = new Fixture(0, 0)) {
            long before = f.broker.audit().verify().records();
            SessionsTest.inParallel(IntStream.range(0, 30)
                    .<Callable<Boolean>>mapToObj(i -> () -> {
                        f.broker.audit().record(AuditEntry.bySystem("test", "target " + i, "ü ✓"));
                        return true;
                    })
                    .toList());
            assertThat(f.broker.audit().verify().intact()).isTrue();
            assertThat(f.broker.audit().verify().records()).isEqualTo(before + 30);
        }
    }

    private static void sql(Fixture f, String statement) {
        try (var connection = java.sql.DriverManager.getConnection(
                        f.config.store().url(),
                        f.config.store().user(),
                        f.config.store().password());
                var sql = connection.createStatement()) {
            assertThat(sql.executeUpdate(statement)).isEqualTo(1);
        } catch (java.sql.SQLException e) {
            throw new AssertionError(e);
        }
    }
}
