package oriel.hypervisor.cpu.emulated;

/**
 * Translated code found no TLB entry that allows its access: the interpreter is to execute the instruction. Has no stack
 * trace and no state, so that the JIT turns the throw into a jump.
 */
@SuppressWarnings("serial") // never serialised
final class TlbMiss extends RuntimeException {
    @SuppressWarnings("StaticAssignmentOfThrowable") // stateless
    static final TlbMiss INSTANCE = new TlbMiss();

    private TlbMiss() {
        super(null, null, false, false);
    }
}
