package oriel.hypervisor.cpu.emulated;

/**
 * An integer operation outside the interpreter's hot switch, in one place: what the interpreter does and, below it, what
 * the translator makes of the same word. Both leave the same result and the same flags, those that Intel's manual leaves
 * undefined included; {@code OperationTest} compares them on random operands.
 */
abstract class Operation {
    /** What its word begins with: {@link Op#ALUG} to {@link Op#RDRAND}. */
    final int number;

    Operation(int number) {
        this.number = number;
    }

    /** Executes it for the interpreter. */
    abstract void execute(ExecutionCore cpu, long w);

    /**
     * Makes host code of it.
     *
     * @return false if there is none of this form: translated code has Java {@link #execute} it
     */
    boolean emit(NativeOperands code, long w) {
        return false;
    }

    /** Whether it can fault. */
    boolean mayFault() {
        return false;
    }
}
