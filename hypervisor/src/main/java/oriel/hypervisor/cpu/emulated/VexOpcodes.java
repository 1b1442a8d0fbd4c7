package oriel.hypervisor.cpu.emulated;

/** Instructions with a VEX prefix (Intel SDM 2A §2.3.5) on general registers. There are none on vectors: no model has AVX. */
abstract class VexOpcodes extends Lowering {
    /** What isn't offered is undefined. */
    final CpuModel model;

    VexOpcodes(InstructionReader in, BlockBuilder out, CpuModel model) {
        super(in, out);
        this.model = model;
    }

    /**
     * Behind C4 or C5, where that isn't LES or LDS.
     *
     * @param opcode C4: two bytes follow; C5: one, and the instruction would be in map 1, where we have none
     */
    final void vex(int opcode) {
        // Other prefixes than those of segments and address size are refused, and so are real and virtual-8086 mode.
        only64(protectedMode && opcode == 0xC4 && !in.lock && in.mandatoryPrefix() == 0 && in.rex == 0);
        int first = in.next8();
        int second = in.next8();
        int last = in.next8();
        boolean wide = mode64 && (second & 0x80) != 0;
        boolean vector = (second & 4) != 0;
        int digit = in.peek8() >> 3 & 7;
        BitOperation operation = BitOperation.ofVex(first & 31, second & 3, last, digit);
        if (operation == null || vector || !model.has(operation.feature)) {
            throw invalid();
        }
        int other = ~second >> 3 & 15;
        if (mode64) {
            in.rex = 0x40 | (wide ? 8 : 0) | ~first >> 5 & 7;
        } else {
            other &= 7; // the fourth bit is ignored
        }
        only64(!operation.encoding.hasImmediate() || other == 0);
        in.operandSize = wide ? 3 : 2;
        bitOperation(operation, other);
    }

    /** One without VEX. */
    final void bitOperation(BitOperation operation) {
        bitOperation(operation, Op.ZERO);
    }

    private void bitOperation(BitOperation operation, int other) {
        boolean hasImmediate = operation.encoding.hasImmediate();
        in.readModrm(hasImmediate ? 1 : 0);
        int size = in.operandSize;
        int rm = rmSource(size, Op.T0);
        int immediate = hasImmediate ? in.next8() : 0;
        boolean byDigit = operation.encoding.digit() >= 0;
        long word = operation.word(byDigit ? other : in.reg, rm, other, size, immediate);
        out.add(word);
        if (operation.flags != 0) {
            out.writesFlags(ALL);
            out.flagless(BitOperation.withoutFlags(word));
        }
    }
}
