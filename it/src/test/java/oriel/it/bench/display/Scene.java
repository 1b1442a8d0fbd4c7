package oriel.it.bench.display;

/**
 * Frames of a file that belong together.
 *
 * @param name for the table
 * @param first number of its first frame in the file
 * @param count of frames
 */
public record Scene(String name, int first, int count) {}
