package oriel.broker.identity;

import org.jspecify.annotations.Nullable;

/**
 * What a person signs in with, so that they recognise it in the list of their sign-ins.
 *
 * @param address where it is
 * @param userAgent what it calls itself; anything, cut to {@value #MOST} characters
 */
public record Client(String address, String userAgent) {
    static final int MOST = 200;

    /** Keeps what can be shown. */
    public Client {
        userAgent = userAgent
                .chars()
                .filter(c -> !Character.isISOControl(c))
                .limit(MOST)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
    }

    /** Of a request. */
    public static Client of(String address, @Nullable String userAgent) {
        return new Client(address, userAgent == null ? "" : userAgent);
    }
}
