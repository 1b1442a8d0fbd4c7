package oriel.hypervisor.cpu.emulated;

/** FLD1, FLDL2T, FLDL2E, FLDPI, FLDLG2, FLDLN2, FLDZ: rounded by the control word (Intel SDM 1 §8.3.8). */
final class X87Constants {
    private X87Constants() {}

    /** Loads constant 0–6, in opcode order; returns whether there is one. */
    static boolean load(int index, X87Arithmetic arithmetic) {
        int rounding = arithmetic.roundingControl();
        boolean down = rounding == SoftFloat.DOWN || rounding == SoftFloat.ZERO;
        switch (index) {
            case 0 -> arithmetic.set(0x3FFF, 0x8000000000000000L);
            case 1 -> arithmetic.set(0x4000, rounding == SoftFloat.UP ? 0xD49A784BCD1B8AFFL : 0xD49A784BCD1B8AFEL);
            case 2 -> arithmetic.set(0x3FFF, down ? 0xB8AA3B295C17F0BBL : 0xB8AA3B295C17F0BCL);
            case 3 -> arithmetic.set(0x4000, down ? 0xC90FDAA22168C234L : 0xC90FDAA22168C235L);
            case 4 -> arithmetic.set(0x3FFD, down ? 0x9A209A84FBCFF798L : 0x9A209A84FBCFF799L);
            case 5 -> arithmetic.set(0x3FFE, down ? 0xB17217F7D1CF79ABL : 0xB17217F7D1CF79ACL);
            case 6 -> arithmetic.set(0, 0);
            default -> {
                return false;
            }
        }
        return true;
    }
}
