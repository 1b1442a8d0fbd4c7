package oriel.hypervisor.cpu.emulated;

import java.util.zip.CRC32C;
import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import oriel.hypervisor.cpu.CpuState;
import oriel.hypervisor.memory.GuestMemory;
import oriel.hypervisor.memory.NativeMemory;

/**
 * Where a guest is after every so many instructions: a profile of it, by Java's flight recorder. A page of code is named by
 * its contents, so that it is found in the file it came from, whatever the guest has done with it.
 */
@Name("oriel.GuestSample")
@Label("Guest Sample")
@Category("Oriel")
@Description("The instruction that a guest has come to, at equal distances in instructions")
@Enabled(false)
@StackTrace(false)
final class GuestSample extends Event {
    @Label("Instruction Pointer")
    long rip;

    @Label("User Mode")
    boolean user;

    @Label("CRC-32C of the Page")
    long page;

    /** Whether somebody records them. */
    static boolean wanted() {
        return new GuestSample().isEnabled();
    }

    /** Takes one, if somebody wants it. */
    static void take(CpuState state, Mmu mmu, GuestMemory memory) {
        GuestSample sample = new GuestSample();
        if (!sample.shouldCommit()) {
            return;
        }
        sample.rip = state.rip;
        sample.user = state.cpl() == 3;
        long host = memory.readable(mmu.fetched(state.rip) & Tlb.PAGE);
        if (host != 0) {
            byte[] bytes = new byte[InstructionReader.PAGE_SIZE];
            for (int i = 0; i < bytes.length; i++) {
                bytes[i] = NativeMemory.get8(host + i);
            }
            CRC32C sum = new CRC32C();
            sum.update(bytes);
            sample.page = sum.getValue();
        }
        sample.commit();
    }
}
