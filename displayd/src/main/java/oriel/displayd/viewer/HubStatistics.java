package oriel.displayd.viewer;

/**
 * Totals of a {@link DisplayHub}.
 *
 * @param viewers connected now
 * @param opened connections taken since the start
 * @param bytesSent RFB bytes to all clients since the start
 * @param bytesReceived RFB bytes from all clients since the start
 */
public record HubStatistics(int viewers, long opened, long bytesSent, long bytesReceived) {}
