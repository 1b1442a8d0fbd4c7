package oriel.displayd.viewer;

import java.time.Duration;

/**
 * The way to a client, as the answers to its fences show it.
 *
 * @param roundTrip the shortest of late: the network's part
 * @param lag what updates took beyond that, smoothed: waiting behind their own bytes
 * @param bytesPerSecond that arrived; a lower bound where there was little to send, 0 before the first large update
 */
public record LinkState(Duration roundTrip, Duration lag, long bytesPerSecond) {}
