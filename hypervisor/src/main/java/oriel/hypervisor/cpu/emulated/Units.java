package oriel.hypervisor.cpu.emulated;

import java.util.random.RandomGenerator;

/** The processor's units beside the integer core; {@code random} is behind RDRAND and RDSEED; {@code hot} translates. */
record Units(SystemUnit system, SseUnit sse, X87Unit x87, RandomGenerator random, HotCode hot) {}
