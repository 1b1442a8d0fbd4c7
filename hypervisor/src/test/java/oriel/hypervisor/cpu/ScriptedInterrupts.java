package oriel.hypervisor.cpu;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;

/** A local APIC that gives what a test put in. */
public final class ScriptedInterrupts implements InterruptSource {
    /** Vectors that wait, in order. */
    public final Queue<Integer> waiting = new ArrayDeque<>();

    /** What the guest wrote to IA32_TSC_DEADLINE. */
    public final List<Long> deadlines = new ArrayList<>();

    /** CR8. */
    public int priority;

    /** Every value of CR8 that was told. */
    public final List<Integer> priorities = new ArrayList<>();

    private long base = 0xFEE0_0900L;

    @Override
    public boolean interruptPending() {
        return !waiting.isEmpty() && waiting.element() >> 4 > priority;
    }

    @Override
    public int acknowledge() {
        return waiting.remove();
    }

    @Override
    public int taskPriority() {
        return priority;
    }

    @Override
    public void setTaskPriority(int priorityClass) {
        priority = priorityClass;
        priorities.add(priorityClass);
    }

    @Override
    public long apicBase() {
        return base;
    }

    @Override
    public void setApicBase(long value) {
        base = value;
    }

    @Override
    public long tscDeadline() {
        return deadlines.isEmpty() ? 0 : deadlines.getLast();
    }

    @Override
    public void setTscDeadline(long tsc) {
        deadlines.add(tsc);
    }
}
