package oriel.broker.identity;

/** Passwords that are hashed quickly. */
public final class TestPasswords {
    private TestPasswords() {}

    /** Argon2id with as little work as it takes. */
    public static Passwords quick() {
        return new Passwords(16, 1);
    }
}
