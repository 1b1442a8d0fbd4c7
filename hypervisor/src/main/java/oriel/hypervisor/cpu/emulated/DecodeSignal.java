package oriel.hypervisor.cpu.emulated;

/** Why the decoder gave an instruction up. Stackless: thrown inside the decoder only. */
@SuppressWarnings("serial") // never serialised
final class DecodeSignal extends RuntimeException {
    DecodeSignal() {
        super(null, null, false, false);
    }
}
