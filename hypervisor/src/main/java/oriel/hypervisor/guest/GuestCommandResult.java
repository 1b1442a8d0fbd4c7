package oriel.hypervisor.guest;

/**
 * How a program in the guest ended.
 *
 * @param exitCode its status; 128 and the signal's number if a signal ended it, as shells have it
 * @param output its standard output; what isn't UTF-8 is replaced
 * @param errors its standard error
 * @param truncated whether the guest's agent kept only the beginning of either
 */
public record GuestCommandResult(int exitCode, String output, String errors, boolean truncated) {}
