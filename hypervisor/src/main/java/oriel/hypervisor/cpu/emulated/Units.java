package oriel.hypervisor.cpu.emulated;

/** The processor's units beside the integer core. */
record Units(SystemUnit system, SseUnit sse, X87Unit x87) {}
