package oriel.hypervisor.cpu.emulated;

import java.util.random.RandomGenerator;

/** The processor's units beside the integer core; {@code random} is behind RDRAND and RDSEED. */
record Units(SystemUnit system, SseUnit sse, X87Unit x87, RandomGenerator random) {}
