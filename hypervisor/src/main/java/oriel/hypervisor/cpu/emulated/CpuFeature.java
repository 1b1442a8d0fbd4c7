package oriel.hypervisor.cpu.emulated;

/**
 * What CPUID offers beyond the first x86-64 processors, and where (Intel SDM 2A table 3-8). What a {@link CpuModel}
 * doesn't offer isn't there: its instructions are undefined, its control bits can't be set.
 */
public enum CpuFeature {
    /** ADDSUB, HADD, LDDQU, MOVDDUP, FISTTP. */
    SSE3(1, Register.ECX, 0),
    /** PCLMULQDQ. */
    PCLMULQDQ(1, Register.ECX, 1),
    /** PSHUFB, PALIGNR and so on. */
    SSSE3(1, Register.ECX, 9),
    /** CMPXCHG16B. */
    CMPXCHG16B(1, Register.ECX, 13),
    /** Process-context identifiers: CR4.PCIDE. */
    PCID(1, Register.ECX, 17),
    /** PTEST, ROUNDPS, PMOVZX and so on. */
    SSE4_1(1, Register.ECX, 19),
    /** PCMPESTRI, PCMPGTQ, CRC32. */
    SSE4_2(1, Register.ECX, 20),
    /** MOVBE. */
    MOVBE(1, Register.ECX, 22),
    /** POPCNT. */
    POPCNT(1, Register.ECX, 23),
    /** AESENC and so on. */
    AES(1, Register.ECX, 25),
    /** RDRAND. */
    RDRAND(1, Register.ECX, 30),
    /** RDFSBASE and so on: CR4.FSGSBASE. */
    FSGSBASE(7, Register.EBX, 0),
    /** ANDN, BEXTR, BLSI, BLSMSK, BLSR, TZCNT. */
    BMI1(7, Register.EBX, 3),
    /** Supervisor-mode execution prevention: CR4.SMEP. */
    SMEP(7, Register.EBX, 7),
    /** BZHI, MULX, PDEP, PEXT, RORX, SARX, SHLX, SHRX. */
    BMI2(7, Register.EBX, 8),
    /** REP MOVSB and STOSB are fast: a hint. */
    ERMS(7, Register.EBX, 9),
    /** INVPCID. */
    INVPCID(7, Register.EBX, 10),
    /** RDSEED. */
    RDSEED(7, Register.EBX, 18),
    /** Supervisor-mode access prevention: CR4.SMAP, STAC, CLAC. */
    SMAP(7, Register.EBX, 20),
    /** CLFLUSHOPT. */
    CLFLUSHOPT(7, Register.EBX, 23),
    /** CLWB. */
    CLWB(7, Register.EBX, 24),
    /** Short REP MOVSB is fast: a hint. */
    FSRM(7, Register.EDX, 4),
    /** LAHF and SAHF in 64-bit mode. */
    LAHF64(0x8000_0001, Register.ECX, 0),
    /** LZCNT. */
    LZCNT(0x8000_0001, Register.ECX, 5),
    /** RDTSCP. */
    RDTSCP(0x8000_0001, Register.EDX, 27);

    private enum Register {
        EBX,
        ECX,
        EDX
    }

    private final int leaf;
    private final Register register;
    private final int bit;

    CpuFeature(int leaf, Register register, int bit) {
        this.leaf = leaf;
        this.register = register;
        this.bit = bit;
    }

    /** Its bit in what CPUID leaves in EBX for a leaf, or 0. */
    int ebx(int ofLeaf) {
        return in(Register.EBX, ofLeaf);
    }

    int ecx(int ofLeaf) {
        return in(Register.ECX, ofLeaf);
    }

    int edx(int ofLeaf) {
        return in(Register.EDX, ofLeaf);
    }

    /**
     * Whether this is where CPUID says so.
     *
     * @param inRegister EBX, ECX or EDX
     */
    public boolean isAt(int ofLeaf, String inRegister, int atBit) {
        return leaf == ofLeaf && register.name().equals(inRegister) && bit == atBit;
    }

    private int in(Register wanted, int ofLeaf) {
        return leaf == ofLeaf && register == wanted ? 1 << bit : 0;
    }
}
