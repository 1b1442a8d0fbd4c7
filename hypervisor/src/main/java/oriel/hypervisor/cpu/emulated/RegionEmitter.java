package oriel.hypervisor.cpu.emulated;

import java.lang.classfile.ClassFile;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.classfile.instruction.SwitchCase;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.util.ArrayList;
import java.util.List;
import oriel.hypervisor.cpu.CpuState;

/**
 * Makes JVM bytecode of a region: one method, in which guest registers are local variables and the blocks are joined by
 * plain jumps. Operations are those of the interpreter; which of them have bytecode of their own is in {@link #operation},
 * all others are called.
 *
 * <p>Control leaves in one way: a local is set to the number of the exit, and the shared end writes the locals back. A
 * memory access that misses the TLB does so too ({@link TlbMiss}), to the start of its instruction; that is right because
 * no instruction changes anything before its last access that may miss, and one that starts again repeats only loads.
 */
final class RegionEmitter extends FlagEmitter {
    private static final ClassDesc MISS = descriptor(TlbMiss.class), ACCESS = descriptor(TranslatedAccess.class);
    private static final ClassDesc CODE = descriptor(TranslatedCode.class), MMU = descriptor(Mmu.class);
    private static final MethodTypeDesc READ = MethodTypeDesc.ofDescriptor("([JJ)J");
    private static final MethodTypeDesc STORE = MethodTypeDesc.ofDescriptor("([JJJ)V");
    private static final MethodTypeDesc RUN = MethodTypeDesc.of(
            ConstantDescs.CD_int,
            CPU,
            ConstantDescs.CD_long.arrayType(),
            ConstantDescs.CD_long.arrayType(),
            ConstantDescs.CD_long.arrayType(),
            ConstantDescs.CD_int);

    // Parameters, then locals that every region has.
    private static final int REGISTERS = 2, TLB = 3, ENTRY = 5, LEFT = 6, AT = 7;
    private static final int ADDRESS = 13, X = 15, FIRST_REGISTER = 17;

    private final RegionCode region;
    private final List<Integer> exits = new ArrayList<>();
    private final int[] localOf = new int[32];
    private final boolean[] written = new boolean[32];
    private boolean usesSse;

    // While a method is being made.
    private Label[] starts = new Label[0];

    @SuppressWarnings("NullAway.Init") // set before code is made
    private Label end;

    // Place in the region.
    private int block;
    private int instruction;

    private RegionEmitter(RegionCode region) {
        this.region = region;
    }

    /** A class file, and what {@link Translation} wants to know. */
    @SuppressWarnings("ArrayRecordComponent") // passed on once
    record Result(byte[] classFile, int[] exits, boolean usesSse) {}

    /** Translates a region into a class of this package. */
    static Result emit(RegionCode region) {
        return new RegionEmitter(region).emit();
    }

    private Result emit() {
        findRegisters();
        byte[] bytes = ClassFile.of()
                .build(
                        ClassDesc.of(RegionEmitter.class.getPackageName(), "Region"),
                        type -> type.withSuperclass(CODE)
                                .withFlags(ClassFile.ACC_FINAL)
                                .withMethodBody(
                                        ConstantDescs.INIT_NAME,
                                        ConstantDescs.MTD_void,
                                        0,
                                        code -> code.aload(0)
                                                .invokespecial(CODE, ConstantDescs.INIT_NAME, ConstantDescs.MTD_void)
                                                .return_())
                                .withMethodBody("run", RUN, 0, this::run));
        return new Result(bytes, exits.stream().mapToInt(Integer::intValue).toArray(), usesSse);
    }

    // ---- registers --------------------------------------------------------------------------------------------------

    private void findRegisters() {
        boolean[] used = new boolean[32];
        for (int b = 0; b < region.words().length; b++) {
            long[] words = region.words()[b];
            for (int i = 0; i < words.length; i += Op.length(words[i])) {
                OperandUse.note(words[i], used, written);
            }
        }
        int next = FIRST_REGISTER;
        for (int slot = 0; slot < 32; slot++) {
            if ((used[slot] || written[slot]) && slot != Op.ZERO) {
                localOf[slot] = next;
                next += 2;
            }
        }
    }

    @Override
    void get(int slot) {
        if (slot == Op.ZERO) {
            c.lconst_0();
        } else {
            c.lload(localOf[slot]);
        }
    }

    private void set(int slot) {
        c.lstore(localOf[slot]);
    }

    private void reload(int slot) {
        if (localOf[slot] != 0) {
            c.aload(REGISTERS).loadConstant(slot).laload().lstore(localOf[slot]);
        }
    }

    private void spill(int slot) {
        if (localOf[slot] != 0) {
            c.aload(REGISTERS).loadConstant(slot).lload(localOf[slot]).lastore();
        }
    }

    private void spillAll(boolean temporaries) {
        for (int slot = 0; slot < 32; slot++) {
            if (written[slot] && (temporaries || slot < 16)) {
                spill(slot);
            }
        }
    }

    private void reloadAll() {
        for (int slot = 0; slot < 32; slot++) {
            reload(slot);
        }
    }

    // ---- the frame of the method ------------------------------------------------------------------------------------

    private void run(CodeBuilder code) {
        // The builder may run this more than once.
        c = code;
        exits.clear();
        usesSse = false;
        int blocks = region.words().length;
        starts = new Label[blocks];
        for (int i = 0; i < blocks; i++) {
            starts[i] = c.newLabel();
        }
        end = c.newLabel();
        c.aload(1).getfield(CPU, "left", ConstantDescs.CD_int).istore(LEFT);
        c.iconst_0().istore(AT);
        c.lconst_0().lstore(ADDRESS);
        c.lconst_0().lstore(X);
        loadFlags();
        reloadAll();
        Label begin = c.newBoundLabel();
        enter();
        for (block = 0; block < blocks; block++) {
            c.labelBinding(starts[block]);
            kind = UNKNOWN;
            operations(region.words()[block], region.marks()[block]);
        }
        Label behind = c.newBoundLabel();
        Label missed = c.newBoundLabel();
        c.pop();
        c.labelBinding(end);
        spillAll(false);
        storeFlags();
        c.aload(1).iload(LEFT).putfield(CPU, "left", ConstantDescs.CD_int);
        c.iload(AT).ireturn();
        c.exceptionCatch(begin, behind, missed, MISS);
    }

    private void enter() {
        List<SwitchCase> cases = new ArrayList<>();
        int fallback = -1;
        for (int i = 0; i < starts.length; i++) {
            if (region.entries()[i]) {
                if (fallback < 0) {
                    fallback = i;
                } else {
                    cases.add(SwitchCase.of(i, starts[i]));
                }
            }
        }
        if (cases.isEmpty()) {
            c.goto_(starts[fallback]);
        } else {
            c.iload(ENTRY).lookupswitch(starts[fallback], cases);
        }
    }

    private int exit(int word, int kind) {
        int exit = Translation.exit(block, word, kind);
        int known = exits.indexOf(exit);
        if (known >= 0) {
            return known;
        }
        exits.add(exit);
        return exits.size() - 1;
    }

    private void leave(int word, int kind) {
        c.loadConstant(exit(word, kind)).istore(AT);
        c.goto_(end);
    }

    /** Says where to go on after a miss in the current instruction. */
    private void mayMiss() {
        c.loadConstant(exit(instruction, Translation.RESUME)).istore(AT);
    }

    // ---- operations -------------------------------------------------------------------------------------------------

    private void operations(long[] words, short[] marks) {
        for (int i = 0; i < words.length; i += Op.length(words[i])) {
            if (marks[i] != CodeCache.CONTINUATION) {
                instruction = i;
            }
            long w = words[i];
            int op = Op.op(w);
            int next = i + Op.length(w);
            if (op >= Op.JMP && op <= Op.RESULTJ_NS) {
                terminator(i, w, Op.length(w) > 1 ? words[i + 1] : 0, words);
                return;
            }
            if (op == Op.FALL_THROUGH) {
                leave(i, Translation.RESUME);
                return;
            }
            if (op == Op.LOOP || op >= Op.RARE && next >= words.length) {
                leave(instruction, Translation.RESUME);
                return;
            }
            operation(i, w, op == Op.MOVI64 ? words[i + 1] : 0);
        }
        // Only blocks that end in an operation of the run loop get here.
        leave(instruction, Translation.RESUME);
    }

    private void operation(int at, long w, long operand) {
        int op = Op.op(w);
        int a = Op.a(w);
        int b = Op.b(w);
        int immediate = Op.immediate(w);
        switch (op) {
            case Op.NOP -> {}
            case Op.MOV64 -> {
                get(b);
                set(a);
            }
            case Op.MOV32 -> {
                get(b);
                zeroExtend32();
                set(a);
            }
            case Op.MOVI -> constant(a, immediate);
            case Op.MOVI32 -> constant(a, immediate & 0xFFFF_FFFFL);
            case Op.MOVI64 -> constant(a, operand);
            case Op.INSERT8 -> insert(a, b, 0xFF);
            case Op.INSERT16 -> insert(a, b, 0xFFFF);
            case Op.INSERT_HIGH -> {
                get(a);
                c.loadConstant(~0xFF00L).land();
                get(b);
                c.loadConstant(0xFFL).land().bipush(8).lshl().lor();
                set(a);
            }
            case Op.EXTRACT_HIGH -> {
                get(b);
                c.bipush(8).lushr().loadConstant(0xFFL).land();
                set(a);
            }
            case Op.ZX8 -> {
                get(b);
                c.loadConstant(0xFFL).land();
                set(a);
            }
            case Op.ZX16 -> {
                get(b);
                c.loadConstant(0xFFFFL).land();
                set(a);
            }
            case Op.SX8 -> {
                get(b);
                c.l2i().i2b().i2l();
                set(a);
            }
            case Op.SX16 -> {
                get(b);
                c.l2i().i2s().i2l();
                set(a);
            }
            case Op.SX32 -> {
                get(b);
                c.l2i().i2l();
                set(a);
            }
            case Op.SX8_32 -> {
                get(b);
                c.l2i().i2b().i2l();
                zeroExtend32();
                set(a);
            }
            case Op.SX16_32 -> {
                get(b);
                c.l2i().i2s().i2l();
                zeroExtend32();
                set(a);
            }
            case Op.LD8, Op.LD16, Op.LD32, Op.LD64 -> {
                load(w, "read" + (8 << op - Op.LD8));
                set(a);
            }
            case Op.LD8S -> {
                load(w, "read8");
                c.l2i().i2b().i2l();
                set(a);
            }
            case Op.LD32S -> {
                load(w, "read32");
                c.l2i().i2l();
                set(a);
            }
            case Op.LD8S_32 -> {
                load(w, "read8");
                c.l2i().i2b().i2l();
                zeroExtend32();
                set(a);
            }
            case Op.LDW -> {
                load(w, "modify" + (8 << Op.d(w)));
                set(a);
            }
            case Op.ST8, Op.ST16, Op.ST32, Op.ST64 -> {
                mayMiss();
                c.aload(TLB);
                address(w);
                get(a);
                c.invokestatic(ACCESS, "write" + (8 << op - Op.ST8), STORE);
            }
            case Op.LEA64 -> {
                address(w);
                set(a);
            }
            case Op.LEA32 -> {
                address(w);
                zeroExtend32();
                set(a);
            }
            case Op.PUSH64 -> {
                push(() -> get(a));
            }
            case Op.POP64 -> {
                pop();
                get(CpuState.RSP);
                c.loadConstant(8L).ladd();
                set(CpuState.RSP);
                c.lload(X);
                set(a);
            }
            case Op.LEAVE64 -> {
                mayMiss();
                c.aload(TLB);
                get(CpuState.RBP);
                c.invokestatic(ACCESS, "read64", READ).lstore(X);
                get(CpuState.RBP);
                c.loadConstant(8L).ladd();
                set(CpuState.RSP);
                c.lload(X);
                set(CpuState.RBP);
            }
            case Op.CMP -> record(Flags.SUB | Op.scale(w), () -> get(a), () -> get(b));
            case Op.CMPI -> record(Flags.SUB | Op.scale(w), () -> get(a), () -> c.loadConstant((long) immediate));
            case Op.TEST ->
                recordResult(Flags.LOGIC | Op.scale(w), () -> {
                    get(a);
                    get(b);
                    c.land();
                });
            case Op.TESTI ->
                recordResult(Flags.LOGIC | Op.scale(w), () -> {
                    get(a);
                    c.loadConstant((long) immediate).land();
                });
            case Op.INC64 -> increment(a, Flags.INC | 3, 1);
            case Op.INC32 -> increment(a, Flags.INC | 2, 1);
            case Op.DEC64 -> increment(a, Flags.DEC | 3, -1);
            case Op.DEC32 -> increment(a, Flags.DEC | 2, -1);
            case Op.SHLI64 -> shift(a, immediate, CodeBuilder::lshl);
            case Op.SHLI32 -> {
                get(a);
                c.loadConstant(immediate).lshl();
                zeroExtend32();
                set(a);
            }
            case Op.SHRI64 -> shift(a, immediate, CodeBuilder::lushr);
            case Op.SHRI32 -> {
                get(a);
                zeroExtend32();
                c.loadConstant(immediate).lushr();
                set(a);
            }
            case Op.SARI64 -> shift(a, immediate, CodeBuilder::lshr);
            case Op.SARI32 -> {
                get(a);
                c.l2i().loadConstant(immediate).ishr().i2l();
                zeroExtend32();
                set(a);
            }
            case Op.ROLI64 -> {
                get(a);
                c.loadConstant(immediate)
                        .invokestatic(ConstantDescs.CD_Long, "rotateLeft", MethodTypeDesc.ofDescriptor("(JI)J"));
                set(a);
            }
            case Op.ROLI32 -> {
                get(a);
                c.l2i()
                        .loadConstant(immediate)
                        .invokestatic(ConstantDescs.CD_Integer, "rotateLeft", MethodTypeDesc.ofDescriptor("(II)I"))
                        .i2l();
                zeroExtend32();
                set(a);
            }
            case Op.IMUL64, Op.IMUL32 -> {
                get(b);
                get(Op.c(w));
                c.lmul();
                if (op == Op.IMUL32) {
                    zeroExtend32();
                }
                set(a);
            }
            case Op.CMOV -> {
                Label skip = c.newLabel();
                branchUnless(Op.d(w), skip);
                get(b);
                set(a);
                c.labelBinding(skip);
            }
            case Op.CMOV32 -> {
                Label skip = c.newLabel();
                Label both = c.newLabel();
                branchUnless(Op.d(w), skip);
                get(b);
                c.goto_(both).labelBinding(skip);
                get(a);
                c.labelBinding(both);
                zeroExtend32();
                set(a);
            }
            case Op.SETCC -> {
                Label no = c.newLabel();
                Label both = c.newLabel();
                branchUnless(Op.d(w), no);
                c.lconst_1().goto_(both).labelBinding(no).lconst_0().labelBinding(both);
                set(a);
            }
            default -> {
                if (op >= Op.ALU && op < Op.CMP) {
                    arithmetic(w);
                } else if (op < Op.ALUG || op > Op.RDRAND || !integer(w)) {
                    callOut(at);
                }
            }
        }
    }

    private void constant(int slot, long value) {
        c.loadConstant(value);
        set(slot);
    }

    private void insert(int a, int b, long mask) {
        get(a);
        c.loadConstant(~mask).land();
        get(b);
        c.loadConstant(mask).land().lor();
        set(a);
    }

    private void shift(int a, int count, java.util.function.Consumer<CodeBuilder> operation) {
        get(a);
        c.loadConstant(count);
        operation.accept(c);
        set(a);
    }

    private void address(long w) {
        int b = Op.b(w);
        int index = Op.c(w);
        int displacement = Op.immediate(w);
        boolean any = false;
        if (b != Op.ZERO) {
            get(b);
            any = true;
        }
        if (index != Op.ZERO) {
            get(index);
            if (Op.scale(w) != 0) {
                c.loadConstant(Op.scale(w)).lshl();
            }
            if (any) {
                c.ladd();
            }
            any = true;
        }
        if (displacement != 0 || !any) {
            c.loadConstant((long) displacement);
            if (any) {
                c.ladd();
            }
        }
    }

    private void load(long w, String access) {
        mayMiss();
        c.aload(TLB);
        address(w);
        c.invokestatic(ACCESS, access, READ);
    }

    /** Loads what RSP points to into X. */
    private void pop() {
        mayMiss();
        c.aload(TLB);
        get(CpuState.RSP);
        c.invokestatic(ACCESS, "read64", READ).lstore(X);
    }

    private void push(Runnable value) {
        mayMiss();
        get(CpuState.RSP);
        c.loadConstant(8L).lsub().lstore(ADDRESS);
        c.aload(TLB).lload(ADDRESS);
        value.run();
        c.invokestatic(ACCESS, "write64", STORE);
        c.lload(ADDRESS);
        set(CpuState.RSP);
    }

    private void arithmetic(long w) {
        int number = Op.op(w) - Op.ALU;
        int a = Op.a(w);
        boolean flags = (number & 1) == 0;
        boolean wide = (number & 2) == 0;
        boolean immediate = (number & 4) != 0;
        Runnable first = () -> get(a);
        Runnable second = immediate ? () -> c.loadConstant((long) Op.immediate(w)) : () -> get(Op.b(w));
        arithmetic(number >> 3, wide ? 3 : 2, a, first, second, flags);
    }

    private void arithmetic(int operation, int size, int a, Runnable first, Runnable second, boolean flags) {
        boolean sum = operation == Op.ADD || operation == Op.SUB;
        if (flags && sum) {
            record((operation == Op.ADD ? Flags.ADD : Flags.SUB) | size, first, second);
            c.lload(FLAG_A).lload(FLAG_B);
        } else {
            first.run();
            second.run();
        }
        switch (operation) {
            case Op.ADD -> c.ladd();
            case Op.SUB -> c.lsub();
            case Op.AND -> c.land();
            case Op.OR -> c.lor();
            default -> c.lxor();
        }
        if (size == 2) {
            zeroExtend32();
        }
        if (flags && !sum) {
            c.dup2().lstore(FLAG_A);
            recordKind(Flags.LOGIC | size);
        }
        put(size, a);
    }

    /** Stores the top of the stack as an instruction of that operand size does; 32 bits are extended already. */
    private void put(int size, int a) {
        if (size >= 2) {
            set(a);
            return;
        }
        long mask = size == 0 ? 0xFF : 0xFFFF;
        c.loadConstant(mask).land();
        get(a);
        c.loadConstant(~mask).land().lor();
        set(a);
    }

    private void increment(int a, int newKind, int by) {
        pushCarry();
        c.lstore(FLAG_B);
        get(a);
        c.loadConstant((long) by).ladd();
        if ((newKind & 3) == 2) {
            zeroExtend32();
        }
        c.dup2().lstore(FLAG_A);
        recordKind(newKind);
        put(newKind & 3, a);
    }

    // ---- operations that are called ---------------------------------------------------------------------------------

    /**
     * Integer operations outside the hot switch: some in bytecode, the others by a call that needs only their operands
     * in place.
     *
     * @return false if the operation may fault
     */
    @SuppressWarnings("RefactorSwitch") // an arrow with a value reads worse
    private boolean integer(long w) {
        int a = Op.a(w);
        int b = Op.b(w);
        int size = Op.scale(w);
        int d = Op.d(w);
        switch (Op.op(w)) {
            case Op.ALUG, Op.ALUGI -> {
                boolean immediate = Op.op(w) == Op.ALUGI;
                Runnable first = () -> get(a);
                Runnable second = immediate ? () -> c.loadConstant((long) Op.immediate(w)) : () -> get(b);
                switch (d) {
                    case 0 -> arithmetic(Op.ADD, size, a, first, second, true);
                    case 1 -> arithmetic(Op.OR, size, a, first, second, true);
                    case 4 -> arithmetic(Op.AND, size, a, first, second, true);
                    case 5 -> arithmetic(Op.SUB, size, a, first, second, true);
                    case 6 -> arithmetic(Op.XOR, size, a, first, second, true);
                    case 8 -> increment(a, Flags.INC | size, 1);
                    case 9 -> increment(a, Flags.DEC | size, -1);
                    case 10 -> arithmetic(Op.SUB, size, a, c::lconst_0, first, true);
                    default -> call(w, a, b);
                }
                return true;
            }
            case Op.SHIFTI -> {
                if (d < 4 || Op.immediate(w) >= 8 << size) {
                    call(w, a);
                } else {
                    shiftImmediate(w);
                }
                return true;
            }
            case Op.SHIFT, Op.BIT_TEST, Op.BIT_SCAN, Op.BSWAP, Op.POPCNT, Op.CRC32 -> {
                if (Op.op(w) == Op.BSWAP && size >= 2) {
                    byteSwap(a, b, size);
                } else {
                    call(w, a, b);
                }
                return true;
            }
            case Op.BIT_TEST_I -> {
                call(w, a);
                return true;
            }
            case Op.IMULG -> {
                call(w, a, b, Op.c(w));
                return true;
            }
            case Op.SIGN_SPREAD -> {
                if (size == 1) {
                    call(w, CpuState.RAX, CpuState.RDX);
                } else {
                    get(CpuState.RAX);
                    if (size == 2) {
                        c.l2i().bipush(31).ishr().i2l();
                        zeroExtend32();
                    } else {
                        c.bipush(63).lshr();
                    }
                    set(CpuState.RDX);
                }
                return true;
            }
            case Op.MULTIPLY -> {
                if (d >= 6) {
                    return false;
                }
                call(w, a, CpuState.RAX, CpuState.RDX);
                return true;
            }
            case Op.DOUBLE_SHIFT -> {
                call(w, a, b, CpuState.RCX);
                return true;
            }
            case Op.CMPXCHG -> {
                call(w, a, b, CpuState.RAX);
                return true;
            }
            case Op.FLAG -> {
                call(w);
                return true;
            }
            default -> {
                return false;
            }
        }
    }

    private void byteSwap(int a, int b, int size) {
        get(b);
        if (size == 2) {
            c.l2i()
                    .invokestatic(ConstantDescs.CD_Integer, "reverseBytes", MethodTypeDesc.ofDescriptor("(I)I"))
                    .i2l();
            zeroExtend32();
        } else {
            c.invokestatic(ConstantDescs.CD_Long, "reverseBytes", MethodTypeDesc.ofDescriptor("(J)J"));
        }
        set(a);
    }

    /** SHL, SHR and SAR by a constant that is smaller than the operand, with flags. */
    private void shiftImmediate(long w) {
        int a = Op.a(w);
        int size = Op.scale(w);
        int bits = 8 << size;
        int count = Op.immediate(w);
        int shift = Op.d(w) == 5 ? 1 : Op.d(w) == 7 ? 2 : 0;
        get(a);
        if (shift == 2) {
            if (size < 3) {
                c.loadConstant(64 - bits).lshl().loadConstant(64 - bits).lshr();
            }
        } else if (size < 3) {
            c.loadConstant(ExecutionCore.mask(size)).land();
        }
        c.dup2().lstore(X);
        c.loadConstant(count);
        switch (shift) {
            case 0 -> c.lshl();
            case 1 -> c.lushr();
            default -> c.lshr();
        }
        if (size < 3 && shift != 1) {
            c.loadConstant(ExecutionCore.mask(size)).land();
        }
        // The last bit shifted out is CF.
        c.dup2().lstore(FLAG_A);
        c.lload(X)
                .loadConstant(shift == 0 ? bits - count : count - 1)
                .lushr()
                .lconst_1()
                .land();
        if (shift == 0) {
            // OF: top bit of the result xor CF.
            c.dup2()
                    .lload(FLAG_A)
                    .loadConstant(bits - 1)
                    .lushr()
                    .lxor()
                    .bipush(11)
                    .lshl()
                    .lor();
        } else if (shift == 1) {
            c.lload(X).loadConstant(bits - 1).lushr().bipush(11).lshl().lor();
        }
        c.lstore(FLAG_B);
        recordKind(Flags.RESULT | size);
        put(size, a);
    }

    /** Calls an operation that touches nothing but the given registers and the flags, and can't fault. */
    private void call(long w, int... slots) {
        for (int slot : slots) {
            spill(slot);
        }
        storeFlags();
        c.aload(1).loadConstant(w).invokevirtual(CPU, "integer", MethodTypeDesc.ofDescriptor("(J)V"));
        for (int i = 0; i < slots.length; i++) {
            if (i == 0 || slots[i] < 16) {
                reload(slots[i]);
            }
        }
        loadFlags();
        kind = UNKNOWN;
    }

    /** Calls any operation: the whole state is in place before it, and may have changed behind it. */
    private void callOut(int at) {
        Label back = c.newLabel();
        spillAll(true);
        storeFlags();
        c.aload(1).iload(LEFT).putfield(CPU, "left", ConstantDescs.CD_int);
        c.aload(1)
                .loadConstant(exit(at, Translation.RESUME))
                .invokevirtual(CPU, "callOut", MethodTypeDesc.ofDescriptor("(I)Z"))
                .ifeq(back)
                .iconst_m1()
                .ireturn()
                .labelBinding(back);
        c.aload(1).getfield(CPU, "left", ConstantDescs.CD_int).istore(LEFT);
        c.aload(1)
                .getfield(CPU, "mmu", MMU)
                .getfield(MMU, "tlb", ConstantDescs.CD_long.arrayType())
                .astore(TLB);
        reloadAll();
        loadFlags();
        kind = UNKNOWN;
    }

    // ---- branches ---------------------------------------------------------------------------------------------------

    private void terminator(int at, long w, long links, long[] words) {
        int op = Op.op(w);
        int count = (int) w >>> 26;
        int a = Op.a(w);
        int b = Op.b(w);
        int immediate = Op.immediate(w);
        if (count > 0) {
            // Without budget for this block, the interpreter does its end, and leaves. A jump may stand behind an
            // instruction that has no branch: the block was full. That instruction has been executed already.
            Label enough = c.newLabel();
            c.iload(LEFT).loadConstant(count).if_icmpgt(enough);
            leave(op == Op.JMP || op == Op.JMPX ? at : instruction, Translation.RESUME);
            c.labelBinding(enough);
        }
        switch (op) {
            case Op.JMP -> edge(at, count, (int) links, Translation.TAKEN, words);
            case Op.JMPX -> jumpOut(at, () -> relative(links));
            case Op.JMPR -> jumpOut(at, () -> get(a));
            case Op.CALL -> {
                push(() -> relative(immediate));
                edge(at, count, (int) links, Translation.TAKEN, words);
            }
            case Op.CALLX -> {
                push(() -> relative(immediate));
                jumpOut(at, () -> relative(links));
            }
            case Op.CALLR -> {
                get(a);
                c.lstore(X);
                push(() -> relative(immediate));
                jumpOut(at, () -> c.lload(X));
            }
            case Op.RET -> {
                pop();
                get(CpuState.RSP);
                c.loadConstant(8L + immediate).ladd();
                set(CpuState.RSP);
                returnInside(count);
                jumpOut(at, () -> c.lload(X));
            }
            default -> {
                Label taken = c.newLabel();
                compare(op, w, a, b, immediate, taken);
                edge(at, count, (int) (links >> 32), Translation.NOT_TAKEN, words);
                c.labelBinding(taken);
                edge(at, count, (int) links, Translation.TAKEN, words);
            }
        }
    }

    private void compare(int op, long w, int a, int b, int immediate, Label taken) {
        int size = Integer.numberOfTrailingZeros(64 - ((int) w >>> 20 & 63)) - 3;
        switch (op) {
            case Op.CMPJ_E, Op.CMPJ_NE, Op.CMPJ, Op.CMPJI_E, Op.CMPJI_NE, Op.CMPJI -> {
                boolean register = op == Op.CMPJ_E || op == Op.CMPJ_NE || op == Op.CMPJ;
                record(
                        Flags.SUB | size,
                        () -> get(a),
                        register ? () -> get(b) : () -> c.loadConstant((long) immediate));
                int condition = switch (op) {
                    case Op.CMPJ_E, Op.CMPJI_E -> 4;
                    case Op.CMPJ_NE, Op.CMPJI_NE -> 5;
                    case Op.CMPJ -> conditionOfRelations(immediate);
                    default -> conditionOfRelations(b);
                };
                branchIf(condition, taken);
            }
            case Op.TESTJ_E, Op.TESTJ_NE, Op.TESTJ, Op.TESTJI_E, Op.TESTJI_NE -> {
                boolean register = op == Op.TESTJ_E || op == Op.TESTJ_NE || op == Op.TESTJ;
                recordResult(Flags.LOGIC | size, () -> {
                    get(a);
                    if (register) {
                        get(b);
                    } else {
                        c.loadConstant((long) immediate);
                    }
                    c.land();
                });
                int condition = switch (op) {
                    case Op.TESTJ_E, Op.TESTJI_E -> 4;
                    case Op.TESTJ_NE, Op.TESTJI_NE -> 5;
                    default -> conditionOfSigns(immediate);
                };
                branchIf(condition, taken);
            }
            case Op.JCC -> branchIf(a, taken);
            default -> {
                pushSigned(() -> get(a), size);
                branchOnSign(op - Op.RESULTJ_E, size, taken);
            }
        }
    }

    private void relative(long offset) {
        get(Op.RIP_BASE);
        if (offset != 0) {
            c.loadConstant(offset).ladd();
        }
    }

    private void pay(int count) {
        if (count != 0) {
            c.iinc(LEFT, -count);
        }
    }

    private void edge(int at, int count, int link, int kind, long[] words) {
        if (link == RegionCode.OUTSIDE) {
            leave(at, kind);
        } else if (link >= CodeCache.LOCAL_LINK) {
            // A jump behind the branch, to another page.
            int place = link & ~CodeCache.LOCAL_LINK;
            pay(count);
            jumpOut(place, () -> relative(words[place + 1]));
        } else {
            pay(count);
            c.goto_(starts[link]);
        }
    }

    private void jumpOut(int at, Runnable target) {
        c.aload(1);
        target.run();
        c.putfield(CPU, "target", ConstantDescs.CD_long);
        leave(at, Translation.JUMP);
    }

    /** Returns to behind a call of this region stay in it. X: where to. */
    private void returnInside(int count) {
        List<SwitchCase> cases = new ArrayList<>();
        Label other = c.newLabel();
        for (int i = 0; i < starts.length; i++) {
            if (region.returns()[i]) {
                cases.add(SwitchCase.of(region.marks()[i][0] & 0xFFF, starts[i]));
            }
        }
        if (cases.isEmpty()) {
            return;
        }
        // The distance must be within the page: its upper half must be zero.
        c.lload(X);
        get(Op.RIP_BASE);
        c.lsub().dup2().lstore(X);
        c.bipush(12).lushr().lconst_0().lcmp().ifne(other);
        pay(count);
        Label none = c.newLabel();
        c.lload(X).l2i().lookupswitch(none, cases);
        c.labelBinding(none);
        pay(-count);
        c.labelBinding(other);
        c.lload(X);
        get(Op.RIP_BASE);
        c.ladd().lstore(X);
    }
}
