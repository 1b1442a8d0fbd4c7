package oriel.hypervisor.cpu.emulated;

import org.jspecify.annotations.Nullable;

/** All {@link Operation}s by their numbers. */
final class OperationTable {
    private static final Operation[] BY_NUMBER = byNumber(
            ArithmeticOperations.ALL,
            ShiftOperations.ALL,
            MultiplyOperations.ALL,
            BitTestOperations.ALL,
            BitOperation.ALL,
            ExchangeOperations.ALL,
            AccumulatorOperations.ALL);

    private static Operation[] byNumber(Operation[]... families) {
        Operation[] table = new Operation[Op.RDRAND + 1];
        for (Operation[] family : families) {
            for (Operation operation : family) {
                if (table[operation.number] != null) {
                    throw new IllegalStateException("two operations have the number " + operation.number);
                }
                table[operation.number] = operation;
            }
        }
        return table;
    }

    private OperationTable() {}

    /** The operation of a number from {@link Op#ALUG} to {@link Op#RDRAND}, or null. */
    static @Nullable Operation find(int number) {
        return BY_NUMBER[number];
    }

    /** The operation that a word begins with. */
    static Operation of(long word) {
        return BY_NUMBER[Op.op(word)];
    }
}
