package oriel.hypervisor.cpu.emulated;

import java.util.Random;

/** Operands near which instructions go wrong: small numbers, single bits, runs of bits, signs; and any other. */
final class EdgeValues {
    private EdgeValues() {}

    static long next(Random random) {
        return switch (random.nextInt(7)) {
            case 0 -> random.nextInt(256);
            case 1 -> -random.nextInt(256);
            case 2 -> 1L << random.nextInt(64);
            case 3 -> (1L << random.nextInt(64)) - 1;
            case 4 -> random.nextInt();
            case 5 -> random.nextInt(4) == 0 ? 0 : Long.MIN_VALUE >> random.nextInt(64);
            default -> random.nextLong();
        };
    }
}
