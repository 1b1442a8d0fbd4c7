package oriel.broker.web;

/** Hears of every request of the API that was answered, but for streams. Must not block. */
@FunctionalInterface
public interface RequestListener {
    /** A request was answered after so many nanoseconds. */
    void answered(String method, int status, long nanos);
}
